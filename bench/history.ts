/**
 * What histories cost, in one run.
 *
 *     deno task bench:history [--quick] [--rounds 20] [--only fanout,join] [--vsn 2.0.0,2.1.0]
 *
 * 1. Fan-out of a topic that keeps 1,000 publications, in memory and in SQLite, against one that keeps none.
 * 2. Joins of clients that have missed 100 publications, against joins of a topic without a history: each over a
 *    connection of its own, as they come back, and, beside it, again and again over the same.
 *
 * The contenders are there at the same time, and take turns of a fraction of a second: what else the machine does harms
 * all alike. A ratio is the median of the rounds' own ratios to the first contender. "per CPU" counts the server's
 * processor time alone, over all rounds: what a history costs, whatever the server waited for; a fan-out's target is
 * for that. Servers are pinned to the first core, and the load to the second. The exit code is 1 if a target is missed in a
 * full run. Linux only.
 *
 * @module
 */

import { flagsOrExit, roundsOrExit } from "./flags.ts";
import type { FanoutTask } from "./load/fanout.ts";
import type { Course, FanoutsOrder, JoinsOrder, JoinTask, Round } from "./history/orders.ts";
import { machine } from "./machine.ts";
import { pinned, runProgram, type Server, startServer } from "./processes.ts";
import { table } from "./table.ts";
import { spread } from "./statistics.ts";

/** What a history may cost: a tenth of a fan-out. */
const FANOUT_TARGET = 0.9;
const JOIN_TARGET = 0.5;
const MISSED = 100;

const USAGE = "deno task bench:history [--quick] [--rounds 20] [--only fanout,join] [--vsn 2.0.0,2.1.0]";
const flags = flagsOrExit(USAGE, { quick: "switch", rounds: "value", only: "value", vsn: "value" });
const quick = flags.has("quick");
const rounds = roundsOrExit(flags, quick ? 1 : 20);
const roundMs = quick ? 30 : 250;
const parts = list(flags.get("only"), ["fanout", "join"]);
const versions = list(flags.get("vsn"), ["2.0.0", "2.1.0"]);
const divisor = quick ? 20 : 1;
const missed: string[] = [];

/** Something that is compared with the first of its case. */
interface Contender {
  readonly name: string;
  readonly server: "memory" | "sqlite";
  readonly topic: string;
  readonly target: number | null;
}

/** A server for each log. */
class Servers implements AsyncDisposable {
  readonly #folder: string;
  readonly #running: Readonly<Record<Contender["server"], Server>>;

  private constructor(folder: string, memory: Server, sqlite: Server) {
    this.#folder = folder;
    this.#running = { memory, sqlite };
  }

  static async start(): Promise<Servers> {
    const folder = Deno.makeTempDirSync({ prefix: "troupe_bench_history_" });
    const env = { BENCH_FILE: `${folder}/history.db` };
    return new Servers(folder, await startServer("history"), await startServer("history", [], env));
  }

  at(name: Contender["server"]): { port: number; serverPid: number } {
    const { port, pid } = this.#running[name];
    return { port, serverPid: pid };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.memory[Symbol.asyncDispose]();
    await this.#running.sqlite[Symbol.asyncDispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

console.log(
  `${machine()}; servers and load ${pinned ? "on a core each" : "not pinned: no taskset, or one core"}.\n` +
    `Medians of ${rounds} rounds of ${roundMs} ms (lowest–highest).\n`,
);
for (const vsn of versions) {
  if (parts.includes("fanout")) {
    for (const connections of [1_000, 100]) {
      for (const inFlight of [1, 8]) await fanout(vsn, connections, inFlight);
    }
  }
  if (parts.includes("join")) { for (const connects of [true, false]) await join(vsn, connects); }
}
if (quick) console.log("A quick run: it all works, and its figures mean nothing.");
else {
  console.log(missed.length === 0 ? "All targets are met." : `Missed:\n${missed.join("\n")}`);
  if (missed.length > 0) Deno.exit(1);
}

async function fanout(vsn: string, connections: number, inFlight: number): Promise<void> {
  const contenders: Contender[] = [
    { name: "no history", server: "memory", topic: "plain:1", target: null },
    { name: "the same once more (noise floor)", server: "memory", topic: "plain:2", target: null },
    { name: "memoryLog", server: "memory", topic: "kept:1", target: FANOUT_TARGET },
    { name: "sqliteLog", server: "sqlite", topic: "kept:1", target: null },
  ];
  await using servers = await Servers.start();
  const order: FanoutsOrder = {
    rounds,
    roundMs,
    inFlight,
    contenders: contenders.map(({ server, topic }): FanoutTask => ({
      ...servers.at(server),
      wire: { kind: "phoenix", vsn, topic },
      connections: connections / divisor,
      payloadBytes: 128,
      hasOffset: vsn === "2.1.0" && topic.startsWith("kept"),
    })),
  };
  const name = `Fan-out to ${connections / divisor}, ${vsn}, ${inFlight} in flight, 128 B`;
  show(name, contenders, JSON.parse(await runProgram("./history/fanouts.ts", order)), "cpu");
}

async function join(vsn: string, connects: boolean): Promise<void> {
  const ways: (Contender & Pick<JoinTask, "missed">)[] = [
    { name: "no history", server: "memory", topic: "plain:1", missed: null, target: null },
    { name: "memoryLog, no position", server: "memory", topic: "kept:1", missed: null, target: null },
    {
      name: `memoryLog, ${MISSED} missed`,
      server: "memory",
      topic: "kept:2",
      missed: MISSED,
      target: connects ? JOIN_TARGET : null,
    },
    { name: `sqliteLog, ${MISSED} missed`, server: "sqlite", topic: "kept:2", missed: MISSED, target: null },
  ];
  await using servers = await Servers.start();
  const order: JoinsOrder = {
    rounds,
    roundMs,
    atOnce: 32,
    payloadBytes: 128,
    contenders: ways.map(({ server, topic, missed }): JoinTask => ({
      ...servers.at(server),
      path: `/socket/websocket?vsn=${vsn}`,
      topic,
      missed,
      connects,
    })),
  };
  const name = `Joins, ${vsn}, ${connects ? "each over a connection of its own" : "over open connections"}`;
  show(name, ways, JSON.parse(await runProgram("./history/joins.ts", order)), "rate");
}

/** `by`: the ratio that targets are for. */
function show(
  name: string,
  contenders: readonly Contender[],
  courses: readonly Course[],
  by: "rate" | "cpu",
): void {
  const rows = contenders.map(({ name: contender, target }, i) => {
    const rates = courses[i].map(({ perSecond }, n) => perSecond / courses[0][n].perSecond);
    const perCpu = perCpuSecond(courses[i]) / perCpuSecond(courses[0]);
    const of = (key: keyof Round): number => spread(courses[i].map((round) => round[key])).median;
    const met = target === null ? null : (by === "cpu" ? perCpu : spread(rates).median) >= target;
    if (met === false) missed.push(`${name}: ${contender}`);
    return [
      contender,
      Math.round(of("perSecond")).toLocaleString("en"),
      of("serverLoad").toFixed(2),
      of("ownLoad").toFixed(2),
      ...(i === 0 ? ["", ""] : [inShort(rates), perCpu.toFixed(2)]),
      target === null ? "" : `≥ ${target}`,
      met === null ? "" : met ? "met" : "MISSED",
    ];
  });
  const head = ["", "a second", "server", "load", "ratio", "per CPU", "target", ""];
  console.log(`### ${name}\n\n${table(head, rows)}`);
}

/** Over all rounds, which are equally long. */
function perCpuSecond(course: Course): number {
  const sum = (key: keyof Round): number => course.reduce((total, round) => total + round[key], 0);
  return sum("perSecond") / Math.max(sum("serverLoad"), 0.01);
}

function list(given: string | undefined, otherwise: readonly string[]): readonly string[] {
  return given?.split(",") ?? otherwise;
}

function inShort(values: readonly number[]): string {
  const { median, min, max } = spread(values);
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}
