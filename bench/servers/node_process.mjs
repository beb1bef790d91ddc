/**
 * What the servers on Node share. Their packages are in the folder of the first argument.
 *
 * @module
 */

import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";

/** Imports a package. */
export const required = createRequire(`${process.argv[2]}/package.json`);

/** A server without WebSockets yet: `GET /collect` collects garbage, with `--expose-gc`. */
export const server = createServer((request, response) => {
  if (request.url !== "/collect") return response.writeHead(404).end();
  globalThis.gc?.();
  response.end(globalThis.gc === undefined ? "no" : "yes");
});

/** Listens, and tells whoever started this process where. */
export function announce() {
  server.listen(0, "127.0.0.1", 1_024, () => console.log(server.address().port));
}
