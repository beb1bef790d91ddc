/**
 * Appends to the logs of topics' histories, `memoryLog` beside `sqliteLog`: `deno run -A bench/log.ts`, in about 20
 * seconds.
 *
 * A turn is one `append`, of so many entries of 150 characters; histories are full, so that each append trims, too.
 * Rounds alternate over the logs. A ratio is the median of the rounds' own ratios to `memoryLog`, since all logs of one
 * round meet the same machine. `sqliteLog, machine` waits for the disk in each turn: that is a figure of the disk.
 *
 * `--rounds=n` (default 5); `--quick`: one short round, to see that it runs.
 *
 * @module
 */

import { memoryLog } from "../mod.ts";
import { type Log, type LogLimits, type NewLogEntry, sqliteLog } from "../src/stores/sqlite.ts";
import { flagsOrExit, roundsOrExit } from "./flags.ts";
import { spread } from "./statistics.ts";

const KINDS = ["memoryLog", "sqliteLog", "sqliteLog, machine"] as const;
type Kind = (typeof KINDS)[number];

interface Turn {
  readonly name: string;
  readonly topics: number;
  readonly entries: number;
}

const TURNS: readonly Turn[] = [
  { name: "1 entry", topics: 1, entries: 1 },
  { name: "8 entries of a topic", topics: 1, entries: 8 },
  { name: "64 entries of a topic", topics: 1, entries: 64 },
  { name: "64 entries of 64 topics", topics: 64, entries: 1 },
];

const LIMITS: LogLimits = { size: 200, ttlMs: 86_400_000, folded: false };
const ENTRY: NewLogEntry = {
  event: "said",
  data: JSON.stringify({ text: "x".repeat(139) }),
  atMs: Date.now(),
  recipients: null,
};

const flags = flagsOrExit("deno task bench:log [--quick] [--rounds 5]", { quick: "switch", rounds: "value" });
const quick = flags.has("quick");
const rounds = roundsOrExit(flags, quick ? 1 : 5);
/** How long each log appends, in each round, after as long to warm up. */
const lastsMs = quick ? 10 : 150;

const folder = Deno.makeTempDirSync({ prefix: "troupe_bench_log_" });
try {
  console.log(`entries/s: median (lowest–highest) of ${rounds} rounds; the ratio to memoryLog\n`);
  for (const turn of TURNS) measure(turn);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

function measure(turn: Turn): void {
  const logs = KINDS.map((kind, i) => open(kind, `${folder}/${turn.entries}-${turn.topics}-${i}.db`));
  for (const log of logs) perSecond(log, turn);
  const results = Array.from(
    { length: rounds },
    (_, round) => {
      const rates: number[] = [];
      for (let i = 0; i < KINDS.length; i++) {
        const at = (i + round) % KINDS.length; // none always comes first
        rates[at] = perSecond(logs[at], turn);
      }
      return rates;
    },
  );
  for (const log of logs) log.close!();
  console.log(`${turn.name} a turn`);
  for (const [i, kind] of KINDS.entries()) {
    const ratio = i === 0 ? "" : inShort(results.map((rates) => rates[i] / rates[0]));
    console.log(`  ${kind.padEnd(20)}${inShort(results.map((rates) => rates[i])).padEnd(40)}${ratio}`);
  }
}

function open(kind: Kind, path: string): Log {
  if (kind === "memoryLog") return memoryLog();
  return sqliteLog({ path, durability: kind === "sqliteLog" ? "process" : "machine" });
}

/** Entries a second. */
function perSecond(log: Log, { topics, entries }: Turn): number {
  const batches = Array.from({ length: topics }, (_, i) => ({
    topic: `room:${i}`,
    entries: Array.from({ length: entries }, () => ENTRY),
    limits: LIMITS,
  }));
  const startMs = performance.now();
  let turns = 0;
  let passedMs = 0;
  while (passedMs < lastsMs) {
    for (let i = 0; i < 4; i++) log.append(batches);
    turns += 4;
    passedMs = performance.now() - startMs;
  }
  return turns * topics * entries / passedMs * 1_000;
}

function inShort(values: readonly number[]): string {
  const { median, min, max } = spread(values);
  const text = (value: number): string =>
    value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
  return `${text(median)} (${text(min)}–${text(max)})`;
}
