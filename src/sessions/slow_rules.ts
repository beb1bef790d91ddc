import type { Clock } from "../base/clock.ts";
import type { SlowPolicy } from "./slow_policy.ts";

/** What a rule has to know of a publication that waits. */
export interface Waits {
  /** What its policy tells it from others by; `undefined`: it is like no other. */
  readonly key: string | number | undefined;
}

/** Which of a subscription's publications go for others, while it is behind. */
export interface SlowRule<W extends Waits> {
  /** `waiting` has to wait from now on, behind all others. Gives the one that goes for it; `null`: all may stay. */
  admit(waiting: W): W | null;
  /** `waiting`, which was admitted, does not wait any more. */
  forget(waiting: W): void;
  /** None waits any more. */
  clear(): void;
}

/** The rule of a policy; `null` where everything may wait. */
export function slowRule<W extends Waits>(policy: SlowPolicy, clock: Clock): SlowRule<W> | null {
  if (policy.kind === "drop_oldest") return new Newest(policy.max);
  if (policy.kind === "latest") return new NewestOfKey();
  return policy.kind === "sample" ? new NewestOfInterval(policy.everyMs, clock) : null;
}

/** The newest few. What leaves is always the oldest: they wait in one line. */
class Newest<W extends Waits> implements SlowRule<W> {
  readonly #max: number;
  #line: W[] = [];
  #head = 0;

  constructor(max: number) {
    this.#max = max;
  }

  admit(waiting: W): W | null {
    this.#line.push(waiting);
    return this.#line.length - this.#head > this.#max ? this.#line[this.#head] : null;
  }

  forget(): void {
    if (++this.#head < 64 || this.#head * 4 < this.#line.length) return;
    this.#line = this.#line.slice(this.#head);
    this.#head = 0;
  }

  clear(): void {
    this.#line = [];
    this.#head = 0;
  }
}

/** The newest of each key. */
class NewestOfKey<W extends Waits> implements SlowRule<W> {
  readonly #byKey = new Map<string | number, W>();

  admit(waiting: W): W | null {
    const { key } = waiting;
    if (key === undefined) return null;
    const before = this.#byKey.get(key) ?? null;
    this.#byKey.set(key, waiting);
    return before;
  }

  forget(waiting: W): void {
    if (waiting.key !== undefined && this.#byKey.get(waiting.key) === waiting) {
      this.#byKey.delete(waiting.key);
    }
  }

  clear(): void {
    this.#byKey.clear();
  }
}

/** The newest of each interval. */
class NewestOfInterval<W extends Waits> implements SlowRule<W> {
  readonly #everyMs: number;
  readonly #clock: Clock;
  #newest: W | null = null;
  #beganMs = -Infinity;

  constructor(everyMs: number, clock: Clock) {
    this.#everyMs = everyMs;
    this.#clock = clock;
  }

  admit(waiting: W): W | null {
    const nowMs = this.#clock.elapsedMs();
    let before: W | null = null;
    if (nowMs - this.#beganMs < this.#everyMs) before = this.#newest;
    else this.#beganMs = nowMs;
    this.#newest = waiting;
    return before;
  }

  forget(waiting: W): void {
    if (this.#newest === waiting) this.#newest = null;
  }

  clear(): void {
    this.#newest = null;
  }
}
