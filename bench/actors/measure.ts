/**
 * Measures one program on one system. As a program of its own (`measure.ts <system> <case> <amount>`, with
 * `--v8-flags=--expose-gc`) it prints one number and ends.
 *
 * @module
 */

import type { CaseName, Program, Programs, SystemName } from "./case.ts";

const MODULES: Readonly<Record<SystemName, string>> = {
  "bare": "./bare.ts",
  "troupe": "./troupe.ts",
  "troupe (again)": "./troupe.ts",
  "xstate": "./xstate.ts",
  "nact": "./nact.ts",
};

const { gc = () => {} } = globalThis as { gc?: () => void }; // there with --expose-gc

/**
 * Messages a second, spawns a second, or bytes of heap an actor. `amount` is how many messages or actors it takes,
 * `runs` how many runs are measured; one less serve to warm up.
 */
export async function measure(
  system: SystemName,
  name: CaseName,
  amount: number,
  runs = 3,
): Promise<number> {
  // Only the system that is measured is loaded: what another leaves in the compiler's feedback would count against it.
  const { programs } = await import(MODULES[system]) as { programs: Programs };
  return name === "heap"
    ? await bytesPerActor(programs, amount)
    : await perSecond(programs, name, amount, runs);
}

/**
 * The fastest run. All programs run before, briefly: a loop that has met one behaviour alone has that one
 * inlined, bare or not, and no application looks like that.
 */
async function perSecond(
  programs: Programs,
  name: Exclude<CaseName, "heap">,
  amount: number,
  runs: number,
): Promise<number> {
  const cases = { "ping-pong": programs.pingPong, "fan-in": programs.fanIn, "10,000 actors": programs.crowd };
  for (let i = 0; i < runs - 1; i++) {
    for (const start of Object.values(cases)) await perform(start(), amount / 20);
    programs.spawn(amount / 200);
  }
  let best = 0;
  for (let run = 0; run < runs; run++) {
    gc(); // what the run before has left over
    const tookMs = name === "spawn"
      ? await timed(() => programs.spawn(amount))
      : await perform(cases[name](), amount);
    best = Math.max(best, amount / tookMs * 1_000);
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
  await programs.idle(Math.min(actors, 1_000)); // code and feedback
  collect();
  const before = Deno.memoryUsage().heapUsed;
  const kept = await programs.idle(actors);
  await new Promise((resolve) => setTimeout(resolve, 10)); // promises and immediates that have done their work
  collect();
  return (Deno.memoryUsage().heapUsed - before) / kept.length - 8; // a pointer in the array
}

function collect(): void {
  for (let i = 0; i < 3; i++) gc();
}

if (import.meta.main) {
  const [system, name, amount] = Deno.args as [SystemName, CaseName, string];
  console.log(await measure(system, name, Number(amount)));
  Deno.exit(0); // nact's timers would hold the process
}
