import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Published } from "../topics/topic_turn.ts";
import type { Droppable, DroppingReader, TurnReaders } from "./droppable.ts";
import { isOwnEvent } from "./own_events.ts";
import type { SlowPolicy } from "./slow_policy.ts";
import { type SlowRule, slowRule } from "./slow_rules.ts";

/** What a client is told of publications that were left out: the payload of `troupe:missed`. */
export interface Missed {
  /** How many, since it was last told. */
  readonly count: number;
  /** The offset of the first of them; `null` where the topic has no history. */
  readonly from: number | null;
  /** The offset of the last of them. */
  readonly to: number | null;
}

/** What a slow reader needs of its surroundings. */
export interface SlowReaderPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * A subscription's slow-consumer policy at work: chooses among the publications that wait in its connection's backlog,
 * and knows what the client has to be told.
 */
export class SlowReader implements DroppingReader, TurnReaders {
  readonly closes: boolean;
  readonly yields: boolean;
  readonly #policy: SlowPolicy;
  readonly #counter: string;
  readonly #ports: SlowReaderPorts;
  readonly #rule: SlowRule<Droppable> | null;
  readonly #notice: (missed: Missed) => Frame;
  #lastNumber = 0;
  /** What was left out since the client was last told: how many, and the ends, by their numbers and offsets. */
  #count = 0;
  #firstOut = 0;
  #lastOut = 0;
  #from: number | null = null;
  #to: number | null = null;
  #warned = false;

  /** `notice` makes the message that tells the client. */
  constructor(policy: SlowPolicy, ports: SlowReaderPorts, notice: (missed: Missed) => Frame) {
    this.#policy = policy;
    this.#ports = ports;
    this.#notice = notice;
    this.#rule = slowRule(policy, ports.clock);
    this.#counter = `slow.dropped.${policy.kind}`;
    this.closes = policy.kind === "close";
    this.yields = policy.kind === "drop_oldest" || policy.kind === "sample";
  }

  readerOf({ event }: Published): SlowReader | null {
    return isOwnEvent(event) ? null : this;
  }

  admit(waiting: Droppable): Droppable | null {
    waiting.number = ++this.#lastNumber;
    if (this.#policy.kind === "latest") waiting.key = this.#keyOf(waiting.published!, this.#policy.key);
    waiting.published = null;
    return this.#rule?.admit(waiting) ?? null;
  }

  drop(waiting: Droppable): void {
    const { number, offset } = waiting;
    waiting.frame = null;
    this.#rule?.forget(waiting);
    if (this.#count++ === 0) this.#firstOut = this.#lastOut = number;
    if (number <= this.#firstOut) {
      this.#firstOut = number;
      this.#from = offset;
    }
    if (number >= this.#lastOut) {
      this.#lastOut = number;
      this.#to = offset;
    }
    const { counters } = this.#ports;
    counters.add("slow.dropped");
    counters.add(this.#counter);
  }

  noticeBefore(next: Droppable): Frame | null {
    if (this.#count === 0 || (next.number !== 0 && this.#firstOut > next.number)) return null;
    return this.notice();
  }

  notice(): Frame {
    return this.#notice({ count: this.#count, from: this.#from, to: this.#to });
  }

  noticed(): void {
    this.#count = 0;
  }

  leave(waiting: Droppable): void {
    if (waiting.number !== 0) this.#rule?.forget(waiting);
  }

  clear(): void {
    this.#rule?.clear();
    this.noticed();
  }

  #keyOf(
    { event, payload }: Published,
    key: (event: string, payload: unknown) => unknown,
  ): string | number | undefined {
    try {
      const value = key(event, payload);
      if (typeof value === "string" || typeof value === "number") return value;
      throw new TypeError(
        `it gave ${value === null ? "null" : `a ${typeof value}`}, not a string or a number`,
      );
    } catch (error) {
      this.#ports.counters.add("slow.key_failures");
      if (!this.#warned) {
        this.#ports.logger.log(
          "error",
          "the key of a slow-consumer policy failed: nothing is left out for it",
          {
            event,
            error: messageOf(error),
          },
        );
      }
      this.#warned = true;
      return undefined;
    }
  }
}
