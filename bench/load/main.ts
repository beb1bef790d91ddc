/**
 * The load: a process of its own, so that it does not use the server's core. It takes an order as JSON in its first
 * argument, and prints what came of it as JSON: figures for each window or size.
 *
 * @module
 */

import type { Figures } from "../figures.ts";
import { echo } from "./echo.ts";
import { fanout, steady } from "./fanout.ts";
import { held } from "./held.ts";
import { idle } from "./idle.ts";
import { joins } from "./joins.ts";
import type { Order } from "./order.ts";
import { population } from "./population.ts";
import { subscribers } from "./subscribers.ts";

function run(order: Order): readonly Figures[] | Promise<readonly Figures[]> {
  switch (order.kind) {
    case "echo":
      return echo(order);
    case "fanout":
      return fanout(order);
    case "steady":
      return steady(order);
    case "joins":
      return joins(order);
    case "idle":
      return idle(order);
    case "held":
      return held(order);
    case "subscribers":
      return subscribers(order);
    case "population":
      return population(order);
  }
}

console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]))));
Deno.exit(0);
