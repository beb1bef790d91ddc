/** Many connections, some of which crash their handlers all the time: nobody else notices, and nothing is left over. */

import { deadline } from "@std/async/deadline";
import { assert, assertEquals } from "@std/assert";
import { App } from "../../mod.ts";
import { until } from "../app/client.ts";
import { longTest } from "../optional.ts";
import type { LoadNews, LoadOrder, LoadReport } from "./load.ts";

interface Soak {
  readonly connections: number;
  /** How long the crashing goes on, in milliseconds. */
  readonly forMs: number;
  /** Between two publications, in milliseconds. */
  readonly publishEveryMs: number;
  readonly crashEveryMs: number;
}

/** Only a broken server is that slow. */
const PATIENCE_MS = 120_000;

/** What must come back to where it was. */
function tally(app: App): Record<string, number> {
  return { ...app.gauges };
}

async function soak({ connections, forMs, publishEveryMs, crashEveryMs }: Soak): Promise<void> {
  const app = new App({ limits: { topicIdleMs: 50, openTimeoutMs: 60_000 } }).topic("room:*", {
    on: {
      crash(_ctx) {
        throw new Error("as asked");
      },
    },
  });
  const server = app.listen({ port: 0, signals: false });
  const atRest = tally(app);
  const load = new Worker(new URL("./load.ts", import.meta.url), { type: "module" });
  const news = (): Promise<LoadNews> =>
    deadline(
      new Promise((resolve, reject) => {
        load.onmessage = ({ data }) => resolve(data);
        load.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
      }),
      PATIENCE_MS,
    );
  const order: LoadOrder = {
    url: `ws://127.0.0.1:${server.port}/socket/websocket?vsn=2.0.0`,
    connections,
    crashing: connections / 10,
    crashEveryMs,
  };
  try {
    load.postMessage(order);
    assertEquals(await news(), "ready");
    let last = 0;
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs) {
      app.broadcast("room:1", "n", { n: ++last });
      await new Promise((resolve) => setTimeout(resolve, publishEveryMs));
    }
    load.postMessage({ last });
    const { heard, crashes, faults } = await news() as LoadReport;
    assertEquals(faults, []);
    assertEquals(heard, last * connections * 0.9, "every quiet connection hears every number");
    assert(
      last > 10 && crashes > connections / 10,
      `${last} publications and ${crashes} crashes are too few`,
    );
    const { counters } = app.system;
    assertEquals(counters.get("connections.crashed"), 0);
    assertEquals(counters.get("scheduler.faults"), 0);
    assert(counters.get("channels.crashed") >= crashes);
  } finally {
    load.terminate();
  }
  await deadline(
    until(() => JSON.stringify(tally(app)) === JSON.stringify(atRest)),
    10_000,
  ).catch(() => assertEquals(tally(app), atRest, "nothing leaks"));
  await server.close();
  assertEquals(Object.entries(tally(app)).filter(([, held]) => held !== 0), []);
}

Deno.test("Soak: 100 connections, one in ten crashing: the others hear everything, in order, once; nothing leaks", () =>
  soak({ connections: 100, forMs: 2_000, publishEveryMs: 5, crashEveryMs: 100 }));

longTest(
  "Soak: 1,000 connections, one in ten crashing for 30 s: the others hear everything, in order, once; nothing leaks",
  () => soak({ connections: 1_000, forMs: 30_000, publishEveryMs: 50, crashEveryMs: 300 }),
);
