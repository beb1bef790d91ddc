import { immediateTurns, type Turns } from "../../actors/scheduler.ts";
import type { Clock, TimerId } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { Party, randomFor } from "./party.ts";

/** Something that must not be: an invariant does not hold. */
export class Violation extends Error {}

/**
 * Time and everything that happens in it: one queue of events, each somebody's. Between two events all promises have had
 * their reactions, and the server has had its turn, unless another event comes at the same instant and the seed wants it
 * to come first.
 */
export class World {
  readonly seed: number;
  /** The one true time, which parties see with their own skew. */
  readonly clock: VirtualClock = new VirtualClock();
  /** Every line of what has happened. */
  readonly trace: string[] = [];
  /** What must not be, once it has been found. */
  violation: Violation | null = null;
  /** How many events there were. */
  events = 0;
  readonly #order: Random;
  readonly #turns: PartyTurns[] = [];
  /** Is told when nothing is left to do at this instant. */
  atRest: () => void = () => {};
  /** Nobody: the simulation itself. */
  readonly nobody: Party;
  #current: Party;

  constructor(seed: number) {
    this.seed = seed;
    this.#order = randomFor(seed, "order");
    this.nobody = this.#current = new Party("world", randomFor(seed, "world"));
  }

  /** Whose code runs now. */
  get current(): Party {
    return this.#current;
  }

  /** Writes down what happens. */
  note(who: string, what: string): void {
    this.trace.push(`${this.clock.elapsedMs()} ${who} ${what}`);
  }

  /** An invariant does not hold. The run ends soon. */
  fail(invariant: string, details: string): void {
    if (this.violation !== null) return;
    this.note("VIOLATION", `${invariant}: ${details}`);
    this.violation = new Violation(`${invariant}: ${details}`);
  }

  /** Does `task` as `party`, now. */
  as<T>(party: Party, task: () => T): T {
    const before = this.#current;
    this.#current = party;
    try {
      return task();
    } finally {
      this.#current = before;
    }
  }

  /** Does `task` as `party`, in `delayMs`, if it still lives then. */
  after(party: Party, delayMs: number, task: () => void): TimerId {
    return this.clock.setTimer(() => {
      if (!party.alive) return;
      this.#current = party;
      this.#guard(task);
    }, delayMs);
  }

  /** The clock that `party` has. */
  clockOf(party: Party): Clock {
    return {
      now: () => this.clock.now() + party.skewMs,
      elapsedMs: () => this.clock.elapsedMs(),
      setTimer: (callback, delayMs) => this.after(party, delayMs, callback),
      clearTimer: (id) => this.clock.clearTimer(id),
    };
  }

  /** Where a system of `party`'s gets its turns. */
  turnsOf(party: Party): Turns {
    const turns = new PartyTurns(party);
    this.#turns.push(turns);
    return turns;
  }

  /** Lets `ms` milliseconds pass; ends early at a violation. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.elapsedMs() + ms;
    await this.#settle();
    while (this.violation === null && this.clock.step(untilMs)) {
      this.events++;
      await this.#settle();
    }
  }

  /** Lets time pass until `work` is done, `maxMs` at the most. */
  async passUntil(work: Promise<unknown>, maxMs: number): Promise<boolean> {
    let isDone = false;
    work.then(() => isDone = true, () => isDone = true);
    const untilMs = this.clock.elapsedMs() + maxMs;
    await this.#settle();
    while (!isDone && this.violation === null && this.clock.step(untilMs)) {
      this.events++;
      await this.#settle();
    }
    return isDone;
  }

  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.fail("nothing throws", error instanceof Error ? String(error.stack) : String(error));
    }
  }

  async #settle(): Promise<void> {
    for (let rounds = 0;; rounds++) {
      await new Promise<void>((resolve) => immediateTurns.request(resolve));
      const asking = this.#turns.find(({ isAsked }) => isAsked);
      if (asking === undefined) {
        this.atRest();
        break;
      }
      if (this.clock.nextDueMs === this.clock.elapsedMs() && this.#order.float() < 0.5) break;
      this.#current = asking.party;
      this.#guard(() => asking.give());
      if (rounds > 10_000) return this.fail("rest", "the server does not come to rest");
    }
    this.#current = this.nobody;
  }
}

class PartyTurns implements Turns {
  readonly party: Party;
  #turn: (() => void) | null = null;

  constructor(party: Party) {
    this.party = party;
  }

  get isAsked(): boolean {
    return this.#turn !== null && this.party.alive;
  }

  request(turn: () => void): void {
    this.#turn = turn;
  }

  give(): void {
    const turn = this.#turn;
    this.#turn = null;
    turn?.();
  }
}
