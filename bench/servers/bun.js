/**
 * Bun's own WebSocket server and its native publish. `/echo` sends back what it gets; `/all` sends it to everybody, the
 * sender included, as the servers beside it do. Run by `bun`, not by `deno`.
 *
 * @module
 */

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (pathname === "/collect") {
      Bun.gc(true);
      return new Response("yes");
    }
    const isAll = pathname === "/all";
    return server.upgrade(request, { data: { isAll } }) ? undefined : new Response("no", { status: 400 });
  },
  websocket: {
    idleTimeout: 0,
    maxPayloadLength: 1_048_576,
    backpressureLimit: 1_048_576,
    open(socket) {
      if (socket.data.isAll) socket.subscribe("all");
    },
    message(socket, message) {
      if (socket.data.isAll) server.publish("all", message);
      else socket.send(message);
    },
  },
});
console.log(server.port);
