import type { Codec, Frame } from "../protocol/codec.ts";
import type { Fanout } from "./fanout.ts";
import { Publication } from "./publication.ts";
import type { ResumeWish } from "./recovery.ts";
import type { Subscriber } from "./subscriber.ts";
import type { Published, TopicTurn } from "./topic_turn.ts";

/**
 * Stands in for a subscriber whose past is still being read: keeps what is published meanwhile, up to a bound.
 */
export class Recovering implements Subscriber {
  readonly gainsByWaiting: boolean;
  readonly interleaves = true;
  readonly inner: Subscriber;
  readonly #maxKept: number;
  #kept: { readonly frame: Frame; readonly published: Published }[] = [];
  /** Whether something of what was published meanwhile is lost. */
  #overflowed = false;

  /** `maxKept`: how many publications it keeps. */
  constructor(inner: Subscriber, maxKept: number) {
    this.inner = inner;
    this.gainsByWaiting = inner.gainsByWaiting;
    this.#maxKept = maxKept;
  }

  get codec(): Codec {
    return this.inner.codec;
  }

  get connectionId(): string {
    return this.inner.connectionId;
  }

  get userId(): string {
    return this.inner.userId;
  }

  get active(): boolean {
    return this.inner.active;
  }

  get wish(): ResumeWish | null {
    return this.inner.wish;
  }

  /** Whether more was published meanwhile than it keeps: then the replay has a gap behind it. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The offset of the first that it has kept, where that has one. */
  get firstOffset(): number | null {
    const first = this.#kept.find(({ published }) => published.position !== null);
    return first?.published.position?.offset ??
      null;
  }

  committed(): void {
    this.inner.committed();
  }

  failed(cause: string | null): void {
    this.inner.failed(cause);
  }

  subscribed(): void {}

  push(event: string, payload: unknown): void {
    this.inner.push(event, payload);
  }

  write(frame: Frame, published: Published): void {
    // Who publishes may leave itself out; the filter knows it, not its stand-in.
    if (published instanceof Publication && published.filter?.(this.inner) === false) return;
    if (this.#kept.push({ frame, published }) <= this.#maxKept) return;
    this.#kept.shift();
    this.#overflowed = true;
  }

  writeTurn(turn: TopicTurn): void {
    turn.frames.forEach((frame, i) => this.write(frame, turn.published[i]));
  }

  /** Hands over: the past first, then what was published meanwhile. */
  handOver(past: Fanout): void {
    past.deliver(this.inner);
    for (const { frame, published } of this.#kept) {
      if (!this.inner.active) break;
      this.inner.write(frame, published);
    }
    this.#kept = [];
  }
}
