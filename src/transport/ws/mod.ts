/**
 * The second WebSocket transport: the package `ws` on a `node:http` server, for far more fan-out than the runtime's own
 * WebSocket gives.
 *
 * @module
 */

export { ws, type WsOptions } from "./ws.ts";
export type { Transport } from "../transport.ts";
