/**
 * What a join costs where 10,000 are present, beside a join of an empty topic, in one run.
 *
 *     deno task bench:presence [--quick] [--rounds 3]
 *
 * In this process, without a network: the time from the client's join until all that follows from it has been handed to
 * the sockets. The bytes of the state are not copied there, as a socket would: a join is measured apart from the state
 * itself. Contenders take turns; a round's number is the median of its joins, since the collector's
 * pauses grow with the heap and not with the join; shown is the median of the rounds (min–max), and a ratio is that of
 * one round. The exit code is 1 if the target is missed in a full run: a join where 10,000 are present costs no more
 * than twice one of an empty topic.
 *
 * In the mode `exact` each member is told of each turn's joins: that is fan-out, and grows with the members, whatever is
 * told. What it costs with 10,000 members is shown as it is, and no target holds; with 100 members, it does for 10,000
 * keys. With `everyMs`, and in the modes `counted` and `paged`, members are told once a second, which no join pays for:
 * there the target holds for 10,000 members.
 *
 * @module
 */

import type { PresenceMode } from "../mod.ts";
import { AppKit, type FakeConnection } from "../src/testing/mod.ts";
import { flagsOrExit, roundsOrExit } from "./flags.ts";
import { machine } from "./machine.ts";
import { type Spread, spread } from "./statistics.ts";

const TARGET = 2;
const flags = flagsOrExit("deno task bench:presence [--quick] [--rounds 3]", {
  quick: "switch",
  rounds: "value",
});
const quick = flags.has("quick");
const rounds = roundsOrExit(flags, quick ? 1 : 3);
const present = quick ? 500 : 10_000;
const joins = quick ? 20 : 100;
const WATCHERS = 100;
/** Joins before it is another contender's turn: the first of them finds the caches cold. */
const BURST = 10;

/** A topic that joiners join, one after the other. */
interface Contender {
  readonly name: string;
  readonly mode: PresenceMode;
  /** How often the members are told, in milliseconds. Default: the mode's. */
  readonly everyMs?: number;
  /** How many members there are before, and how many keys each has. */
  readonly members: number;
  readonly keys: number;
  /** Joins that come in one turn of the event loop. */
  readonly atOnce: number;
  /** What it is compared with, by name, where a target holds. */
  readonly beside?: string;
}

const keys = present / WATCHERS;
const CONTENDERS: readonly Contender[] = [
  { name: "empty", mode: "exact", members: 0, keys: 0, atOnce: 1 },
  { name: "100 members, nobody present", mode: "exact", members: WATCHERS, keys: 0, atOnce: 1 },
  {
    name: `100 members, ${present} keys`,
    mode: "exact",
    members: WATCHERS,
    keys,
    atOnce: 1,
    beside: "empty",
  },
  { name: `${present} members`, mode: "exact", members: present, keys: 1, atOnce: 1 },
  { name: `${present} members, 10 joins a turn`, mode: "exact", members: present, keys: 1, atOnce: 10 },
  {
    name: `${present} members, everyMs: 1000`,
    mode: "exact",
    everyMs: 1_000,
    members: present,
    keys: 1,
    atOnce: 1,
    beside: "empty",
  },
  {
    name: `${present} members, counted`,
    mode: "counted",
    members: present,
    keys: 1,
    atOnce: 1,
    beside: "empty",
  },
  { name: `${present} members, paged`, mode: "paged", members: present, keys: 1, atOnce: 1, beside: "empty" },
];

/** An app with one topic of the contender's, and its members in it. */
class Stage {
  readonly #kit: AppKit;
  readonly #contender: Contender;
  #number = 0;
  #clients: FakeConnection[] = [];
  readonly #waiting: FakeConnection[] = [];

  private constructor(kit: AppKit, contender: Contender) {
    this.#kit = kit;
    this.#contender = contender;
  }

  static async make(contender: Contender): Promise<Stage> {
    const many = 1_000_000;
    const kit = new AppKit({
      limits: { upgradesPerSecond: many, upgradeBurst: many, maxConnectionsPerAddress: many, idleMs: 0 },
    });
    kit.app.topic("room:*", {
      presence: { mode: contender.mode, everyMs: contender.everyMs },
      join(ctx, payload) {
        const { keys } = payload as { keys: number };
        for (let n = 0; n < keys; n++) ctx.presence.track(`${ctx.user.id}-${n}`, { name: "Ada Lovelace" });
      },
    });
    const stage = new Stage(kit, contender);
    for (let n = 0; n < contender.members; n++) {
      stage.#join(await stage.#connect(), contender.keys);
      if (n % 1_000 === 0) {
        stage.#settle();
        stage.#forget();
      }
    }
    await kit.settle();
    stage.#forget();
    return stage;
  }

  /** Makes clients that are about to join. */
  async prepare(): Promise<void> {
    for (let n = 0; n < joins; n++) this.#waiting.push(await this.#connect());
    await this.#kit.advance(2_000); // what is told once a second has been told
    this.step(); // what is told now is told, and nothing for a second
  }

  /** Some join, and go. Gives what a join has taken, in microseconds. */
  step(): number {
    const { atOnce } = this.#contender;
    const some = this.#waiting.splice(0, atOnce);
    const beganMs = performance.now();
    for (const client of some) this.#join(client, 1);
    this.#settle();
    const tookMs = performance.now() - beganMs;
    for (const client of some) {
      if (client.socket.frames.length < 2) throw new Error("the joiner was not answered");
      client.close();
    }
    this.#settle();
    this.#forget();
    return 1_000 * tookMs / atOnce;
  }

  /** Whether clients are about to join. */
  get isReady(): boolean {
    return this.#waiting.length > 0;
  }

  async #connect(): Promise<FakeConnection> {
    const client = await this.#kit.connect("/socket/websocket?vsn=2.0.0");
    this.#clients.push(client);
    return client;
  }

  #join(client: FakeConnection, keys: number): void {
    const topic = this.#contender.members === 0 ? `room:${++this.#number}` : "room:1";
    client.send(JSON.stringify(["1", "1", topic, "phx_join", { keys }]));
  }

  #settle(): void {
    while (!this.#kit.app.system.scheduler.idle) this.#kit.turn();
  }

  /** Lets go of what the sockets have been handed. */
  #forget(): void {
    this.#clients = this.#clients.filter(({ closed }) => closed === null);
    for (const { socket } of this.#clients) socket.turns.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kit[Symbol.asyncDispose]();
  }
}

console.log(`${machine()}. Microseconds a join, ${rounds} rounds of ${joins} joins\n`);
const stages = [];
for (const contender of CONTENDERS) stages.push(await Stage.make(contender));
const took = new Map<string, number[]>(CONTENDERS.map(({ name }) => [name, []]));
for (let round = -1; round < rounds; round++) { // in the one before the first, the compiler sees it
  for (const stage of stages) await stage.prepare();
  const times = stages.map((): number[] => []);
  while (stages.some(({ isReady }) => isReady)) {
    for (const [i, stage] of stages.entries()) {
      for (let n = 0; n < BURST && stage.isReady; n++) times[i].push(stage.step());
    }
  }
  if (round < 0) continue;
  for (const [i, { name }] of CONTENDERS.entries()) took.get(name)!.push(spread(times[i]).median);
}
let missed = 0;
for (const { name, beside } of CONTENDERS) {
  const mine = took.get(name)!;
  let line = `  ${name.padEnd(46)} ${shown(spread(mine), 0).padEnd(20)}`;
  if (beside !== undefined) {
    const ratio = spread(mine.map((each, round) => each / took.get(beside)![round]));
    const met = ratio.median <= TARGET;
    if (!met) missed++;
    line += `  ${shown(ratio, 2)}× ${beside}: target ≤ ${TARGET} ${met ? "met" : "MISSED"}`;
  }
  console.log(line);
}
for (const stage of stages) await stage[Symbol.asyncDispose]();
if (quick) console.log("\nA quick run: nothing is judged.");
Deno.exit(missed > 0 && !quick ? 1 : 0);

function shown({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
