/**
 * What there is to compare with: `Deno.upgradeWebSocket` with nothing around it. `/echo` sends back what it gets;
 * `/all` sends it to everybody.
 *
 * @module
 */

import { announce, collectGarbage } from "./process.ts";

const all = new Set<WebSocket>();

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/collect") return collectGarbage();
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  if (pathname === "/all") {
    socket.onopen = () => all.add(socket);
    socket.onclose = () => all.delete(socket);
    socket.onmessage = ({ data }) => {
      for (const each of all) each.send(data);
    };
  } else socket.onmessage = ({ data }) => socket.send(data);
  return response;
});
announce(server.addr.port);
