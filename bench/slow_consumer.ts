/**
 * What readers that read nothing are to the others, and to the server's memory, in one run.
 *
 *     deno task bench:slow [--quick] [--rounds 5]
 *
 * 1. How late 999 readers get what is published at a fixed rate, with one more reader that keeps up, and with one that
 *    is stalled, for each policy: the p99 of all deliveries. The contenders run at the same time and publish in turn.
 * 2. What 100 stalled readers add to the server's memory under 60 s of fan-out, three servers at a time, compared with the figure of
 *    `docs/flow_control.md`. What was added by messages that are not shared, to each reader its own, is shown beside it.
 *
 * Every contender has a server process, pinned to the first core, and the load is another process, pinned to the
 * second. The exit code is 1 if a target is missed in a full run. Linux only.
 *
 * @module
 */

import { memoryAdded, mostKib, TOLERANCE } from "./flow/figure.ts";
import type { DelayContender, DelayOrder, Delays } from "./flow/orders.ts";
import { flagsOrExit, roundsOrExit } from "./flags.ts";
import { machine } from "./machine.ts";
import { pinned, runProgram, startServer } from "./processes.ts";
import { spread } from "./statistics.ts";

const DELAY_TARGET = 1.2;
const SIZES = [16, 128, 16_384];
/** Publications a second, by size: so that outboxes fill, and the load keeps up with one reader that reads. */
const RATES: Readonly<Record<number, number>> = { 16: 500, 128: 500, 16_384: 40 };

const flags = flagsOrExit("deno task bench:slow [--quick] [--rounds 5]", {
  quick: "switch",
  rounds: "value",
});
const quick = flags.has("quick");
const rounds = roundsOrExit(flags, quick ? 1 : 5);
const missed: string[] = [];
console.log(
  `${machine()}; server and load ${pinned ? "on a core each" : "not pinned: no taskset, or one core"}.\n`,
);

const readers = quick ? 99 : 999;
const policies = ["none stalled", "keep_all", "drop_oldest", "latest"];
/** Of all contenders together: a fifth of what a core can deliver. */
const PER_SECOND = 20;
const delays = await measureDelays();
console.log(
  `Delivery of 128 B to ${readers} readers and one more, at ${
    PER_SECOND / policies.length
  } publications/s: ` +
    `medians of ${rounds} rounds (min–max)`,
);
for (const [i, { p50Ms, p99Ms, state, deliveries }] of delays.entries()) {
  const ratios = spread(p99Ms.map((each, round) => each / delays[0].p99Ms[round]));
  const asMeant = state.behind === (i === 0 ? 0 : 1);
  const met = asMeant && ratios.median <= DELAY_TARGET;
  const name = i === 0 ? policies[0] : `one stalled, ${policies[i]}`;
  console.log(
    `  ${name.padEnd(24)} ${deliveries} deliveries  p50 ${shown(spread(p50Ms), 1)} ms  p99 ${
      shown(spread(p99Ms), 1)
    } ms` +
      (i === 0
        ? ""
        : `  ratio of p99 ${shown(ratios, 2)}, target ≤ ${DELAY_TARGET} ${met ? "met" : "MISSED"}`),
  );
  if (!met) missed.push(asMeant ? `delivery, ${name}` : `delivery, ${name}: ${state.behind} were behind`);
}

const stalled = quick ? 10 : 100;
const durationMs = quick ? 2_000 : 60_000;
console.log(`\nMemory that ${stalled} stalled readers add under ${durationMs / 1_000} s of fan-out`);
for (const topic of ["keep_all:1", "drop_oldest:1", "latest:1", "own:1"]) {
  const own = topic === "own:1";
  const runs = SIZES.map((payloadBytes) => {
    const perSecond = own ? RATES[payloadBytes] / 2 : RATES[payloadBytes];
    return memoryAdded({ topic, stalled, payloadBytes, perSecond, warmUpMs: 1_000, durationMs });
  });
  for (const [i, added] of (await Promise.all(runs)).entries()) {
    const mostMib = mostKib(SIZES[i], own) * stalled * TOLERANCE / 1_024;
    const peakMib = added.peakKib / 1_024;
    const met = peakMib <= mostMib;
    const {
      "slow.dropped": dropped = 0,
      "connections.slow": closed = 0,
      "connections.abandoned": abandoned = 0,
    } = added.state.counters;
    console.log(
      `  ${topic.slice(0, -2).padEnd(12)} ${String(SIZES[i]).padStart(6)} B × ${added.published}  ` +
        `${peakMib.toFixed(1)} MiB (${(added.peakKib / stalled).toFixed(0)} KiB each), ` +
        `target ≤ ${mostMib.toFixed(1)} MiB ${met ? "met" : "MISSED"}  ` +
        `behind ${added.state.behind}, dropped ${dropped}, closed ${closed}, abandoned ${abandoned}`,
    );
    if (!met) missed.push(`memory, ${topic} ${SIZES[i]} B`);
  }
}

if (quick) console.log("\nA quick run: it all works, and its figures mean nothing.");
else {
  console.log(missed.length === 0 ? "\nAll targets are met." : `\nMissed:\n${missed.join("\n")}`);
  if (missed.length > 0) Deno.exit(1);
}

/** All servers run at the same time, and publish in turn: what else the machine does harms all alike. */
async function measureDelays(): Promise<Delays[]> {
  await using servers = new AsyncDisposableStack();
  const contenders: DelayContender[] = [];
  for (const policy of policies) {
    const { port } = servers.use(await startServer("flow"));
    const stalls = policy !== policies[0];
    contenders.push({
      port,
      topic: `${stalls ? policy : "keep_all"}:1`,
      others: stalls ? 0 : 1,
      stalled: stalls ? 1 : 0,
    });
  }
  const order: DelayOrder = {
    contenders,
    readers,
    payloadBytes: 128,
    perSecond: PER_SECOND,
    warmUpMs: quick ? 500 : 4_000,
    roundMs: quick ? 1_000 : 15_000,
    rounds,
  };
  return JSON.parse(await runProgram("./flow/delays.ts", order));
}

function shown({ median, min, max }: { median: number; min: number; max: number }, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
