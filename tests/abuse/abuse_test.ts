/** The server under attack, by everything at hand: others are served, and nothing is left over. */

import { assert, assertEquals } from "@std/assert";
import { longTest } from "../optional.ts";
import { ATTACKS, type Scale } from "./attacks.ts";
import { startBystander } from "./bystander.ts";
import type { Limits } from "../../mod.ts";
import { startVictim, type Victim } from "./victim.ts";

/** How long what an attack has left may take to go, in milliseconds: topics live on for 10 s. */
const PATIENCE_MS = 30_000;

/** Waits until everything is back where it was. */
async function returnsTo(held: Readonly<Record<string, number>>, victim: Victim): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = (await victim.gauges()).held;
    if (JSON.stringify(now) === JSON.stringify(held)) return;
    if (performance.now() > endMs) assertEquals(now, held);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function withstands(scale: Scale, rounds: number, limits: Limits = {}): Promise<void> {
  await using victim = await startVictim(limits);
  await using _bystander = await startBystander(victim.port); // it checks every answer
  const { held } = await victim.gauges();
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { name, counted, run } of ATTACKS) {
      const before = (await victim.gauges()).counters;
      await run(victim.port, scale);
      await returnsTo(held, victim);
      const after = (await victim.gauges()).counters;
      const grown = counted.filter((counter) => (after[counter] ?? 0) > (before[counter] ?? 0));
      assert(counted.length === 0 || grown.length > 0, `${name}: none of ${counted.join(", ")} was counted`);
    }
    memory.push((await victim.gauges()).memory.heap);
  }
  if (rounds < 4) return;
  // The first round warms up: from then on the heap stays where it is, give or take what was not yet collected.
  const [, second, ...later] = memory;
  assert(
    later.at(-1)! <= second * 1.1 + 1_000_000,
    `the heap grows: ${memory.join(", ")} bytes after each round`,
  );
}

Deno.test("Abuse: a small attack of each kind harms no bystander, is counted, and leaves nothing behind", () =>
  withstands(0.02, 1, {
    upgradesPerSecond: 5,
    upgradeBurst: 60,
    messageBurst: 1_000,
    maxThrottledMessages: 100,
    joinsPerSecond: 5,
    joinBurst: 20,
  }));

longTest(
  "Abuse: whole attacks, again and again, leave nothing behind and no memory that grows",
  () => withstands(1, 5),
);
