import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import { type Rate, TokenBucket } from "../base/token_bucket.ts";

/** How much one connection may say. Read again for each message, so that a change holds for open connections too. */
export interface InboundLimits {
  /** Messages per second, joins, leaves and heartbeats included; each message of a batch counts. Default: 1,000. */
  readonly messagesPerSecond: number;
  /** Messages at once. Default: 5,000. */
  readonly messageBurst: number;
  /** Joins per second. Default: 50. */
  readonly joinsPerSecond: number;
  /** Joins at once. Default: 500. */
  readonly joinBurst: number;
  /** Bytes per second; of text, its UTF-16 units, since to count its bytes would cost more. Default: 4 MiB. */
  readonly bytesPerSecond: number;
  /** Bytes at once. Default: 32 MiB. */
  readonly byteBurst: number;
  /** Messages over a limit before the connection is closed with 1008. Default: 1,000. */
  readonly maxThrottledMessages: number;
}

/** What is limited. */
export type InboundLimit = "messages" | "joins" | "bytes";

/** What all meters of a mount share. */
export interface InboundPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  /** The time, never later than the clock's `elapsedMs` and not much earlier, at no cost. */
  readonly recent: { readonly recentMs: number };
  readonly limits: Pick<InboundLimits, "maxThrottledMessages">;
  readonly rates: InboundRates;
}

/** The rates that the limits of a mount come to. They are plain values, since each message reads them. */
export class InboundRates {
  /** Messages. */
  messages: Rate;
  /** Joins. */
  joins: Rate;
  /** Bytes. */
  bytes: Rate;

  constructor(limits: InboundLimits) {
    this.messages = this.joins = this.bytes = { perSecond: 1, burst: 1 };
    this.follow(limits);
  }

  /** The limits have changed. */
  follow(limits: InboundLimits): void {
    this.messages = { perSecond: limits.messagesPerSecond, burst: limits.messageBurst };
    this.joins = { perSecond: limits.joinsPerSecond, burst: limits.joinBurst };
    this.bytes = { perSecond: limits.bytesPerSecond, burst: limits.byteBurst };
  }
}

/** Something is near its limit, or over it. */
export interface Excess {
  /** What. */
  readonly limit: InboundLimit;
  /** What is to be done: tell the client; refuse the message; close the connection. */
  readonly stage: "warn" | "throttle" | "close";
  /** When to try again, in milliseconds; 0 for a warning. */
  readonly retryAfterMs: number;
  /** The limit's rate. */
  readonly rate: Rate;
}

/** Which part of a bucket is left when its client is warned, and when it counts as calm again. */
const WARN_BELOW = 0.25, CALM_ABOVE = 0.5;

/** One bit for each limit. */
const BIT: Readonly<Record<InboundLimit, number>> = { messages: 1, joins: 2, bytes: 4 };

/**
 * Measures what one connection says, in three stages: when less than a quarter of a bucket is left its client is warned,
 * once until it is calm again, with half of the bucket there; what comes while there is too little is refused; and who
 * goes on until `maxThrottledMessages` were refused, without getting calm in between, is closed. Everything is counted, as
 * `limits.<limit>.warned`, `.throttled` and `.closed`.
 */
export class InboundMeter {
  readonly #ports: InboundPorts;
  readonly #messages = new TokenBucket();
  readonly #bytes = new TokenBucket();
  #joins: TokenBucket | null = null;
  /** For which limits the client is not calm: the bits of those that it was warned of. */
  #uneasy = 0;
  #refused = 0;
  /** The frame at hand has too many bytes, and so has all that is in it. */
  #frameExcess: Excess | null = null;

  /** Nothing has been said yet. */
  constructor(ports: InboundPorts) {
    this.#ports = ports;
  }

  /** A frame has come; what is in it goes to {@link InboundMeter.message} then, and is refused there. */
  frame(bytes: number): Excess | null {
    const { recent, rates } = this.#ports;
    const isPlenty = this.#bytes.takeFromPlenty(bytes, recent.recentMs, rates.bytes);
    const excess = isPlenty && this.#uneasy === 0 ? null : this.#take("bytes", this.#bytes, bytes, isPlenty);
    const isTooMuch = excess !== null && excess.stage !== "warn";
    this.#frameExcess = isTooMuch ? excess : null;
    return isTooMuch ? null : excess;
  }

  /**
   * A message has come; unless it is to be refused, it goes on. Leaves and heartbeats (`isControl`) are measured like all
   * others, and go on: only too many of them close the connection.
   */
  message(isJoin: boolean, isControl: boolean): Excess | null {
    const { recent, rates } = this.#ports;
    const isPlenty = this.#messages.takeFromPlenty(1, recent.recentMs, rates.messages);
    // Most often there is more than enough, whatever the time is exactly: to ask for that costs as much as a mailbox.
    if (isPlenty && !isJoin && this.#uneasy === 0) return null;
    let excess = this.#take("messages", this.#messages, 1, isPlenty);
    if (isJoin && (excess === null || excess.stage === "warn")) {
      excess = this.#take("joins", this.#joins ??= new TokenBucket(), 1, false) ?? excess;
    }
    if (this.#frameExcess !== null && (excess === null || excess.stage === "warn")) {
      excess = this.#frameExcess;
    }
    return excess === null || excess.stage === "warn" ? excess : this.#refuse(excess, isControl);
  }

  #refuse(excess: Excess, isControl: boolean): Excess | null {
    const { counters, limits } = this.#ports;
    if (++this.#refused > limits.maxThrottledMessages) {
      counters.add(`limits.${excess.limit}.closed`);
      return { ...excess, stage: "close" };
    }
    if (isControl) {
      counters.add(`limits.${excess.limit}.let_through`);
      return null;
    }
    counters.add(`limits.${excess.limit}.throttled`);
    return excess;
  }

  #take(limit: InboundLimit, bucket: TokenBucket, tokens: number, isTaken: boolean): Excess | null {
    const rate = this.#ports.rates[limit];
    const retryAfterMs = isTaken ? 0 : bucket.take(tokens, this.#ports.clock.elapsedMs(), rate);
    if (retryAfterMs === 0) return this.#judge(limit, bucket, rate);
    this.#uneasy |= BIT[limit];
    return { limit, stage: "throttle", retryAfterMs, rate };
  }

  /** It was granted: how much is left? */
  #judge(limit: InboundLimit, bucket: TokenBucket, rate: Rate): Excess | null {
    const left = bucket.left(this.#ports.clock.elapsedMs(), rate);
    const isUneasy = (this.#uneasy & BIT[limit]) !== 0;
    if (left >= CALM_ABOVE && isUneasy) this.#calm(limit);
    if (left >= WARN_BELOW || isUneasy) return null;
    this.#uneasy |= BIT[limit];
    this.#ports.counters.add(`limits.${limit}.warned`);
    return { limit, stage: "warn", retryAfterMs: 0, rate };
  }

  #calm(limit: InboundLimit): void {
    this.#uneasy &= ~BIT[limit];
    if (this.#uneasy === 0) this.#refused = 0;
  }
}
