/**
 * Socket.IO on Node, as its documentation advises for speed and memory: WebSocket from the start, `bufferutil`, no
 * compression, and the request of the handshake is forgotten. An echo is an acknowledgement; what is said goes to all of a
 * room.
 *
 * @module
 */

import { announce, required, server } from "./node_process.mjs";

const { Server } = required("socket.io");

const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingTimeout: 120_000, // a load that stands by while others have their turns answers nothing
});
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.on("connection", (socket) => {
  socket.join("plain:1");
  socket.on("echo", (payload, acknowledge) => acknowledge(payload));
  socket.on("say", (payload) => io.to("plain:1").emit("said", payload));
});
announce();
