/**
 * The engine on the transport `ws`.
 *
 * @module
 */

import { ws } from "@troupe/core/transports/ws";
import { benchApp } from "./app.ts";
import { announce } from "./process.ts";

announce(benchApp({ transports: [ws()] }).listen({ port: 0 }).port);
