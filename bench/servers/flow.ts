/**
 * The engine with readers that do not read: topics `keep_all:*`, `drop_oldest:*`, `latest:*`, by policy, and `own:*`,
 * where each member gets a message of its own. What is sent to `/publish/<topic>` is published there. `GET /stall` fills
 * what is between the server and each of the connections with `?stall=1`, so that the runtime holds `?bytes=` of each
 * (default: some); `GET /state` tells how it is.
 *
 * @module
 */

import { App, dropOldest, keepAll, latest } from "../../mod.ts";
import { GENEROUS } from "./generous.ts";
import { announce, collectGarbage } from "./process.ts";

const FILLER = "x".repeat(16_384);
/** How often a socket must be seen full, 10 ms apart, before it is believed: the system's buffers grow. */
const TIMES_FULL = 5;

/** Those that are about to be stalled. */
const toStall: WebSocket[] = [];
const upgradeWebSocket = Deno.upgradeWebSocket;
Deno.upgradeWebSocket = (request, options) => {
  const upgrade = upgradeWebSocket(request, options);
  if (new URL(request.url).searchParams.has("stall")) toStall.push(upgrade.socket);
  return upgrade;
};

const app: App = new App({ limits: { ...GENEROUS, idleMs: 0 }, fallback: answer })
  .topic("keep_all:*", { slow: keepAll() })
  .topic("drop_oldest:*", { slow: dropOldest({ max: 1_000 }) })
  .topic("latest:*", { slow: latest() })
  .topic("own:*", {})
  .component("/publish/:topic", {
    message(connection, text) {
      const { topic } = connection.params;
      if (!topic.startsWith("own:")) app.broadcast(topic, "said", { text });
      else for (const { id } of app.connections) app.send({ connection: id }, topic, "said", { text });
    },
  });
announce(app.listen({ port: 0 }).port);

async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/collect") return collectGarbage();
  if (pathname === "/stall") await stall(Number(searchParams.get("bytes") ?? 1));
  const { behind, connections } = app.gauges;
  return Response.json({ behind, connections, counters: app.system.counters.snapshot() });
}

/** Until the runtime holds `bytes` for each, and goes on holding them. */
async function stall(bytes: number): Promise<void> {
  const full = new Map(toStall.splice(0).map((socket) => [socket, 0]));
  while (full.size > 0) {
    for (const [socket, times] of full) {
      if (socket.bufferedAmount >= bytes) {
        if (times === TIMES_FULL) full.delete(socket);
        else full.set(socket, times + 1);
      } else {
        full.set(socket, 0);
        socket.send(FILLER);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, [...full.values()].includes(0) ? 0 : 10));
  }
}
