/**
 * The most that `Deno.upgradeWebSocket` gives where frames may hold many messages: `/all` joins what came in one turn of
 * the event loop, and sends it to everybody as one frame, with nothing around it.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { announce, collectGarbage } from "./process.ts";

const all = new Set<WebSocket>();
let turn: string[] = [];

function flush(): void {
  const text = turn.length === 1 ? turn[0] : `[${turn.join(",")}]`;
  turn = [];
  for (const each of all) each.send(text);
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  if (new URL(request.url).pathname === "/collect") return collectGarbage();
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.onopen = () => all.add(socket);
  socket.onclose = () => all.delete(socket);
  socket.onmessage = ({ data }) => {
    if (turn.push(data) === 1) setImmediate(flush);
  };
  return response;
});
announce(server.addr.port);
