/**
 * The load: a process of its own, so that it does not use the server's core. It takes an order as JSON in its first
 * argument, and prints what came of it as JSON: figures for each window or size. Where it takes turns, it prints a line
 * when it is ready, and figures for each line with the number of a window that it reads.
 *
 * @module
 */

import type { Figures } from "../figures.ts";
import { echo } from "./echo.ts";
import { fanout } from "./fanout.ts";
import { held } from "./held.ts";
import { idle } from "./idle.ts";
import { joins } from "./joins.ts";
import type { Order, RunOrder } from "./order.ts";
import { population } from "./population.ts";
import { subscribers } from "./subscribers.ts";

function run(order: RunOrder): readonly Figures[] | Promise<readonly Figures[]> {
  switch (order.kind) {
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

/** Takes a turn for each line, until there are no more. */
async function takeTurns(turn: (window: number) => Figures): Promise<void> {
  console.log("ready");
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const line of text.trim().split("\n")) console.log(JSON.stringify(turn(Number(line))));
  }
}

const order: Order = JSON.parse(Deno.args[0]);
if (order.kind === "echo") await takeTurns(echo(order));
else if (order.kind === "fanout") await takeTurns(fanout(order));
else console.log(JSON.stringify(await run(order)));
Deno.exit(0);
