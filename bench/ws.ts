/**
 * The transport `ws` against Bun's native publish and against the default transport, for stock clients, in one run.
 *
 *     deno task bench:ws [--quick] [--rounds 3]
 *
 * As in `mod.ts`, every contender has a fresh server process on the first core, in alternating rounds, and the load is
 * on the second. Bun comes from npm. The exit code is 1 if a target is missed in a full run, or if Bun cannot be
 * fetched. Linux only.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { findBun } from "./bun.ts";
import { type Case, type Contender, type Effort, FULL, QUICK, type Task } from "./cases.ts";
import { machine } from "./machine.ts";
import { pinned } from "./processes.ts";
import { report } from "./report.ts";
import { runCase } from "./run.ts";

const V2 = "/socket/websocket?vsn=2.0.0";

const args = parseArgs(Deno.args, { boolean: ["quick"], string: ["rounds"] });
const effort: Effort = args.quick ? QUICK : { ...FULL, rounds: Number(args.rounds ?? 3) };
const bun = await findBun();
if (bun === null) console.log("Bun cannot be fetched from npm: the ratios to it are left out.\n");

const { warmUpMs, durationMs } = effort;
const bare = { name: "bare Deno", server: "bare", target: null } as const;

function contenders(task: (contender: "bare" | "troupe") => Task, target: number | null): Contender[] {
  return [
    ...(bun === null ? [] : [{ ...bare, name: "Bun", server: { bun }, task: task("bare") } as const]),
    { name: "Troupe, ws", server: "ws", task: task("troupe"), target: bun === null ? null : target },
    { name: "Troupe, websocket", server: "troupe", task: task("troupe"), target: null },
    { ...bare, task: task("bare") },
  ];
}

function fanout(inFlight: number, target: number): Case {
  const connections = 1_000 / effort.divisor;
  return {
    part: "fanout",
    name: `fan-out to ${connections.toLocaleString("en")} clients of 2.0.0, ${inFlight} in flight, 128 B`,
    contenders: contenders((who) => ({
      kind: "fanout",
      connections,
      inFlight,
      payloadBytes: 128,
      warmUpMs,
      durationMs,
      ...(who === "bare"
        ? { path: "/all", topic: null, verbatim: true }
        : { path: V2, topic: "plain:1", verbatim: false }),
    }), target),
  };
}

function echo(inFlight: number): Case {
  const connections = 100 / Math.min(effort.divisor, 10);
  return {
    part: "echo",
    name: `echo, ${connections} connections, ${inFlight} in flight, 64 B`,
    contenders: contenders(() => ({
      kind: "echo",
      connections,
      inFlight,
      payloadBytes: 64,
      warmUpMs,
      durationMs,
      path: "/echo",
      topic: null,
    }), null),
  };
}

console.log(
  `${machine()}; server and load ${pinned ? "on a core each" : "not pinned: no taskset, or one core"}.\n` +
    `Medians of ${effort.rounds} alternating rounds (min–max).\n`,
);
const missed: string[] = [];
for (const each of [fanout(8, 0.65), fanout(64, 1.2), echo(1), echo(16)]) {
  const done = report(each, await runCase(each, effort));
  console.log(done.text);
  missed.push(...done.missed);
}
if (args.quick) console.log("A quick run: it all works, and its figures mean nothing.");
else {
  if (missed.length > 0) console.log(`Missed:\n${missed.join("\n")}`);
  else console.log(bun === null ? "The targets were not looked at." : "All targets are met.");
  if (missed.length > 0 || bun === null) Deno.exit(1);
}
