/**
 * Measures one program on one system, in a process of its own: `deno run --v8-flags=--expose-gc -A
 * bench/actors/measure.ts <system> <case> <amount>` prints one number: messages or spawns a second, or bytes an actor.
 *
 * @module
 */

import type { CaseName, Program, Programs } from "./case.ts";

declare const gc: () => void; // --expose-gc

const MODULES: Readonly<Record<string, string>> = {
  bare: "./bare.ts",
  troupe: "./troupe.ts",
  "troupe (again)": "./troupe.ts",
  xstate: "./xstate.ts",
  nact: "./nact.ts",
};

const [system, name, amount] = Deno.args as [string, CaseName, string];
// Only the system that is measured is loaded: what another one leaves in the compiler's feedback would count against it.
const { programs } = await import(MODULES[system]) as { programs: Programs };
const measured = name === "heap"
  ? await bytesPerActor(programs, Number(amount))
  : await perSecond(programs, name, Number(amount));
console.log(measured);
Deno.exit(0); // nact's timers would hold the process

/**
 * The fastest of three runs. All programs run before, briefly: a loop that has met one behaviour alone has that one
 * inlined, bare or not, and no application looks like that.
 */
async function perSecond(
  programs: Programs,
  name: Exclude<CaseName, "heap">,
  amount: number,
): Promise<number> {
  const cases = { "ping-pong": programs.pingPong, "fan-in": programs.fanIn, "10,000 actors": programs.crowd };
  for (let i = 0; i < 3; i++) {
    for (const start of Object.values(cases)) await perform(start(), amount / 20);
    programs.spawn(amount / 200);
  }
  let best = 0;
  for (let run = 0; run < 3; run++) {
    gc(); // what the run before has left over
    const tookMs = name === "spawn"
      ? timed(() => programs.spawn(amount))
      : await perform(cases[name](), amount);
    best = Math.max(best, amount / await tookMs * 1_000);
  }
  return best;
}

async function perform(program: Program, messages: number): Promise<number> {
  const tookMs = await timed(() => program.run(messages));
  await program.end();
  return tookMs;
}

async function timed(run: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

/** Heap of actors that have handled a message, the array that holds them not counted. */
async function bytesPerActor(programs: Programs, actors: number): Promise<number> {
  await programs.idle(1_000); // code and feedback
  gc();
  gc();
  const before = Deno.memoryUsage().heapUsed;
  const kept = await programs.idle(actors);
  await new Promise((resolve) => setTimeout(resolve, 10)); // promises and immediates that have done their work
  gc();
  gc();
  const after = Deno.memoryUsage().heapUsed;
  return (after - before) / kept.length - 8; // a pointer in the array
}
