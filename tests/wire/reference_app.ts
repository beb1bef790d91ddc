/**
 * The application of the recorded Phoenix transcripts, on Troupe: the same mounts, topics and events, so that the same
 * frames can be sent to both.
 *
 *     deno run -A tests/wire/reference_app.ts --port 4000
 *
 * Mounts: `/socket` (defaults, any origin), `/short` (idle after 1.5 s, long-poll window 1 s), `/limit` (2 channels), `/origin` (only
 * `//good.example`), `/proto` (sub-protocol `chat`).
 */

import { parseArgs } from "@std/cli/parse-args";
import { App, type AppOptions, joined, longpoll, refuse, websocket } from "../../mod.ts";

const MANY = 100_000;

/** Makes the application. `options` go to its `App`. */
export function referenceApp(options: AppOptions = {}): App {
  const [first = websocket] = options.transports ?? [];
  const app: App = new App({
    path: false,
    origin: "any",
    authenticate({ params, request }) {
      if ("refuse" in params) return null;
      if ("reason" in params) return new Response(`reason:${params.reason}`, { status: 429 });
      return { id: `sock:${params.id ?? new URL(request.url).searchParams.get("id") ?? ""}` };
    },
    limits: { maxChannels: MANY, maxMessageBytes: 16_000_000 },
    ...options,
  })
    .socket("/socket")
    .socket("/short", { transports: [first, longpoll({ windowMs: 1_000 })], limits: { idleMs: 1_500 } })
    .socket("/limit", { limits: { maxChannels: 2 } })
    .socket("/origin", { origin: ["//good.example"] })
    .socket("/proto", { subProtocols: ["chat"] });
  app.topic("presence:*", {
    presence: {},
    join(ctx, payload) {
      const { user, meta = "m" } = payload as { user: string; meta?: string };
      ctx.presence.track(user, { meta });
      return joined({ user });
    },
    on: {
      update(ctx, payload) {
        ctx.presence.update(ctx.state.user, { meta: (payload as { meta: string }).meta });
        return {};
      },
      boom() {
        throw new Error("boom");
      },
    },
  });
  return app.topic("room:*", {
    join(ctx, payload) {
      if (ctx.topic === "room:refuse") return refuse({ reason: "unauthorized" });
      if (ctx.topic === "room:crashjoin") throw new Error("crash in join");
      if (ctx.topic === "room:hello") return { hello: "there", you_sent: payload };
    },
    on: {
      echo: (_ctx, payload) => payload,
      echo_error: (_ctx, payload) => refuse(payload),
      reply_bare: () => ({}),
      noreply() {},
      say: (ctx, payload) => ctx.broadcast("said", mapOrBytes(payload)),
      say_ok(ctx, payload) {
        ctx.broadcast("said", mapOrBytes(payload));
        return {};
      },
      say_from: (ctx, payload) => ctx.broadcast("said", mapOrBytes(payload), { except: ctx }),
      push_me: (ctx, payload) => ctx.push("pushed", mapOrBytes(payload)),
      bin_push: (ctx, payload) => ctx.push("pushed_bin", mapOrBytes(payload)),
      boom() {
        throw new Error("boom");
      },
      stop_normal: (ctx) => ctx.stop(),
      stop_shutdown: (ctx) => ctx.stop(),
      stop_error() {
        throw new Error("some_error");
      },
      stop_reply(ctx, payload) {
        ctx.stop();
        return payload;
      },
      exit_normal() {
        throw new Error("exit: normal");
      },
      async(ctx, payload) {
        const reply = ctx.defer();
        queueMicrotask(() => reply.ok(payload));
      },
      disconnect_all: (ctx) => void app.disconnect({ user: ctx.user.id }),
    },
    other(ctx) {
      throw new Error(`no clause handles ${JSON.stringify(ctx.event)}`);
    },
  });
}

/** Phoenix's `broadcast!` and `push` raise for any other payload. Troupe sends whatever JSON can say. */
function mapOrBytes(payload: unknown): object {
  if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) return payload;
  throw new TypeError(`expected the payload to be a map, got ${JSON.stringify(payload)}`);
}

if (import.meta.main) {
  const { port } = parseArgs(Deno.args, { string: ["port"], default: { port: "4000" } });
  const server = referenceApp().listen({ port: Number(port) });
  const line = `reference app on http://${server.hostname}:${server.port}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
  await server.finished;
}
