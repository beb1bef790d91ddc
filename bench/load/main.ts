/**
 * The load: a process of its own, so that it does not use the server's core. It takes an order as JSON in its first
 * argument, and prints what came of it as JSON.
 *
 * @module
 */

import { echo } from "./echo.ts";
import { fanout } from "./fanout.ts";
import { idle } from "./idle.ts";
import type { Order } from "./order.ts";

const order = JSON.parse(Deno.args[0]) as Order;
const result = order.kind === "echo"
  ? echo(order)
  : order.kind === "fanout"
  ? fanout(order)
  : await idle(order);
console.log(JSON.stringify(result));
Deno.exit(0);
