/**
 * The server that is attacked, in a process of its own: everything but the life of idle topics is as the defaults have
 * it, but for limits that the command line gives. `GET /gauges` collects garbage and tells what is held, what was
 * counted and how much memory is in use.
 *
 * @module
 */

import { App } from "../../mod.ts";

/** What the server tells of itself. */
export interface Gauges {
  /** What is held, by name: after an attack each of them has to come back to where it was. */
  readonly held: Readonly<Record<string, number>>;
  /** The app's counters. */
  readonly counters: Readonly<Record<string, number>>;
  /** Resident memory and used heap, in bytes, after a collection. */
  readonly memory: { readonly rss: number; readonly heap: number };
}

function gauges(app: App): Gauges {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = Deno.memoryUsage();
  return {
    held: { ...app.gauges },
    counters: app.system.counters.snapshot(),
    memory: { rss, heap: heapUsed },
  };
}

if (import.meta.main) {
  // Nobody wants to wait for idle topics.
  const limits = { topicIdleMs: 200, ...JSON.parse(Deno.args[0] ?? "{}") };
  const app: App = new App({ limits, fallback: () => Response.json(gauges(app)) })
    .topic("room:*", { on: { echo: (_ctx, payload) => payload } })
    .component("/echo", { message: (conn, data) => conn.send(data) });
  console.log(app.listen({ port: 0, signals: false }).port);
}
