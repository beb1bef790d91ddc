import type { SoakReport } from "./run.ts";

const many = (value: number): string => value.toLocaleString("en");

/** Prints what came of a run. */
export function print({ load, generations, before, after, counters, faults, faultCount }: SoakReport): void {
  const { acknowledged, heard, told, heardLive, toldLive, repeated, recoveries, counts, topics } = load;
  console.log(`${topics} topics with a history: ${many(acknowledged)} publications acknowledged`);
  console.log(`  heard ${many(heard)} + told as missed ${many(told)} = all; took effect twice ${repeated}`);
  console.log(`  returns: ${listed(recoveries)}`);
  console.log(`without: heard ${many(heardLive)} + told as missed ${many(toldLive)} = all`);
  console.log(`clients: ${listed(counts)}`);
  console.log(`  the longest pause that the machine made them was ${many(load.longestPauseMs)} ms\n`);
  for (const { end, forMs, ready, lagMs, memory } of generations) {
    const about = memory === null ? "" : `; ${memory}`;
    const life = `after ${(forMs / 1_000).toFixed(1)} s, at most ${lagMs} ms late`;
    console.log(`server ${end} ${life}, ${ready} clients in their topics${about}`);
  }
  console.log(`servers: ${listed(counters)}\n`);
  const held = Object.entries(after.gauges).map(([name, value]) => `${name} ${before.gauges[name]}→${value}`);
  console.log(
    `before anybody came → when all had left: open files ${before.files}→${after.files}, ${held.join(", ")}`,
  );
  console.log(
    `  heap ${mib(before.heapKib)}→${mib(after.heapKib)} MiB, RSS ${mib(before.rssKib)}→${
      mib(after.rssKib)
    } MiB\n`,
  );
  for (const note of load.notes) console.log(`strange: ${note}`);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  if (faultCount > faults.length) console.log(`… and ${faultCount - faults.length} more`);
  console.log(faultCount === 0 ? "All is as promised." : `${faultCount} faults.`);
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, count]) => `${name} ${many(count)}`).join(", ") || "none";
}

function mib(kib: number): string {
  return (kib / 1_024).toFixed(1);
}
