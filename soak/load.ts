/**
 * The load of `deno task soak`: thousands of clients in a process of its own, and what checks what they get. Its first
 * argument is an order as JSON; it is told `quiet` and `leave` on stdin, a line each, and writes its news as JSON, a line
 * each.
 *
 * @module
 */

import { seededRandom } from "../src/base/random.ts";
import { Ledger } from "./ledger.ts";
import { Member, type World } from "./member.ts";
import { places } from "./plan.ts";
import { Tally } from "./tally.ts";
import { Wires } from "./wire.ts";

/** What it is to do. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly seed: number;
  /** How long nothing may happen before those who wait for something are faults, in milliseconds. */
  readonly patienceMs: number;
}

/** What it has to say. */
export type LoadNews =
  /** How many are in their topics, once a second. */
  | { readonly kind: "state"; readonly ready: number; readonly heard: number }
  /** It is quiet, and everybody has everything, or never will. */
  | LoadReport
  /** All have gone. */
  | { readonly kind: "left" };

/** What came of it. */
export interface LoadReport {
  readonly kind: "report";
  readonly topics: number;
  readonly acknowledged: number;
  /** Publications of topics with a history, over all clients. */
  readonly heard: number;
  readonly told: number;
  /** The same for topics without one. */
  readonly heardLive: number;
  readonly toldLive: number;
  /** Publications that took effect twice, where that is all that can be had. */
  readonly repeated: number;
  readonly recoveries: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  /** What is no fault, and strange. */
  readonly notes: readonly string[];
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** The longest time in which no client did anything, in milliseconds: what the machine did to the load. */
  readonly longestPauseMs: number;
}

/** Between two looks at who has something to do, in milliseconds. */
const ACT_EVERY_MS = 50;
/** Where fewer than this share are in their topics, nobody goes away. */
const CROWDED = 0.88;
/** Of so many clients one connects and never says what it wants, now and then. */
const MUTE_IN = 200;

class Load {
  readonly #order: LoadOrder;
  readonly #tally = new Tally();
  readonly #world: World;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #members: Member[];
  #actedMs = performance.now();
  #longestPauseMs = 0;
  /** The last of what it was told. */
  said = "";

  constructor(order: LoadOrder) {
    const random = seededRandom(order.seed);
    this.#order = order;
    this.#world = {
      wires: new Wires(order.port),
      tally: this.#tally,
      hanging: [],
      opening: 0,
      isQuiet: false,
      isCrowded: true,
      random,
    };
    this.#members = places(order.connections).map((place, index) => {
      const ledger = this.#ledgers.get(place.topic) ?? new Ledger(place.topic, this.#tally.fault);
      this.#ledgers.set(place.topic, ledger);
      return new Member(this.#world, place, index, ledger);
    });
  }

  /** Runs to the end. */
  async run(): Promise<void> {
    await this.#until(() => this.said === "quiet");
    this.#world.isQuiet = true;
    let progress = "";
    let sinceMs = performance.now();
    await this.#until(() => {
      const now = `${
        this.#sum(({ follower }) => follower.heard + follower.told)
      } ${this.#ready} ${this.#busy}`;
      if (now !== progress) sinceMs = performance.now();
      progress = now;
      return this.#isSettled || performance.now() - sinceMs > this.#order.patienceMs;
    });
    this.#report();
    await this.#until(() => this.said === "leave");
    for (const member of this.#members) member.leave();
    tell({ kind: "left" });
  }

  async #until(isDone: () => boolean): Promise<void> {
    const { wires, hanging, random, tally } = this.#world;
    let stateMs = 0;
    for (let actMs = 0; !isDone();) {
      wires.wait(5);
      const nowMs = performance.now();
      if (nowMs >= actMs) {
        actMs = nowMs + ACT_EVERY_MS;
        this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#actedMs);
        this.#actedMs = nowMs;
        this.#world.isCrowded = this.#ready < this.#members.length * CROWDED;
        for (const member of this.#members) member.act(nowMs);
        for (let i = hanging.length; i-- > 0;) {
          if (nowMs > hanging[i].untilMs || this.#world.isQuiet) hanging.splice(i, 1)[0].wire.end("cut");
        }
      }
      if (nowMs >= stateMs) {
        stateMs = nowMs + 1_000;
        tell({ kind: "state", ready: this.#ready, heard: this.#sum(({ follower }) => follower.heard) });
        if (!this.#world.isQuiet && this.#members.length > random.integer(MUTE_IN)) {
          tally.add("clients that said nothing");
          hanging.push({ wire: wires.connectMute(), untilMs: nowMs + random.float() * 10_000 });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 0)); // what is on stdin is read
    }
  }

  get #ready(): number {
    return this.#members.filter(({ isIn }) => isIn).length;
  }

  get #busy(): number {
    return this.#members.filter(({ publisher }) => publisher?.isBusy).length;
  }

  get #isSettled(): boolean {
    return this.#members.every(({ isIn, follower, publisher }) =>
      isIn && follower.isComplete && !publisher?.isBusy
    ) && [...this.#ledgers.values()].every(({ missing }) => missing.length === 0);
  }

  #sum(of: (member: Member) => number): number {
    return this.#members.reduce((sum, member) => sum + of(member), 0);
  }

  #report(): void {
    const { fault, counts, faults, notes } = this.#tally;
    const away = this.#members.length - this.#ready;
    if (away > 0) fault(`${away} clients do not get back into their topics`);
    if (this.#busy > 0) fault(`${this.#busy} publishers wait for answers in vain`);
    for (const { follower } of this.#members) follower.close();
    for (const ledger of this.#ledgers.values()) ledger.close();
    const recoveries: Record<string, number> = {};
    for (const { follower } of this.#members) {
      for (const [outcome, count] of Object.entries(follower.recoveries)) {
        recoveries[outcome] = (recoveries[outcome] ?? 0) + count;
      }
    }
    const ledgers = [...this.#ledgers.values()];
    tell({
      kind: "report",
      topics: ledgers.length,
      acknowledged: ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      repeated: ledgers.reduce((sum, { repeated }) => sum + repeated, 0),
      heard: this.#sum(({ follower }) => follower.heard),
      told: this.#sum(({ follower }) => follower.told),
      heardLive: this.#sum(({ listener }) => listener.heard),
      toldLive: this.#sum(({ listener }) => listener.told),
      recoveries,
      counts,
      notes,
      faults,
      faultCount: this.#tally.faultCount,
      longestPauseMs: Math.round(this.#longestPauseMs),
    });
  }
}

function tell(news: LoadNews): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(news)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

if (import.meta.main) {
  const load = new Load(JSON.parse(Deno.args[0]));
  void (async () => {
    for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
      load.said = text.trim();
    }
    Deno.exit(1); // whoever started it has gone
  })();
  await load.run();
  Deno.exit(0);
}
