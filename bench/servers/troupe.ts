/**
 * The engine on the runtime's own WebSocket.
 *
 * @module
 */

import { benchApp } from "./app.ts";
import { announce } from "./process.ts";

announce(benchApp().listen({ port: 0 }).port);
