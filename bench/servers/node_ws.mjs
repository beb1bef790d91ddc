/**
 * `ws` on Node, without compression. `/echo` sends back what it gets; `/all` sends it to everybody.
 *
 * @module
 */

import { announce, required, server } from "./node_process.mjs";

const { WebSocketServer } = required("ws");

const all = new Set();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  if (request.url === "/all") {
    all.add(socket);
    socket.on("close", () => all.delete(socket));
    socket.on("message", (data, binary) => {
      for (const each of all) each.send(data, { binary });
    });
  } else socket.on("message", (data, binary) => socket.send(data, { binary }));
  socket.on("error", () => {}); // a client that is gone
});
announce();
