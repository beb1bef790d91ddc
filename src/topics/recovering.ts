import type { Codec, Frame } from "../protocol/codec.ts";
import type { Fanout } from "./fanout.ts";
import type { Publication } from "./publication.ts";
import type { ResumeWish } from "./recovery.ts";
import type { Subscriber } from "./subscriber.ts";
import type { Published, TopicTurn } from "./topic_turn.ts";

/** What comes behind the past: a publication and its form, or word of one of its own, which has been committed or not. */
type Kept =
  | { readonly frame: Frame; readonly published: Published }
  | { readonly own: Publication; readonly isStored: boolean };

/**
 * Stands in for a subscriber whose past is still being read: keeps what is published meanwhile, up to a bound, and what
 * it is to hear of its own publications, since its beginning comes first.
 */
export class Recovering implements Subscriber {
  readonly gainsByWaiting: boolean;
  readonly interleaves = true;
  readonly inner: Subscriber;
  readonly #maxKept: number;
  #kept: Kept[] = [];
  #frames = 0;
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

  /** Whether more with an offset was published meanwhile than it keeps: then the replay has a gap behind it. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The offset of the first that it has kept, where that has one. */
  get firstOffset(): number | null {
    for (const kept of this.#kept) {
      if ("frame" in kept && kept.published.position !== null) return kept.published.position.offset;
    }
    return null;
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
    this.#kept.push({ frame, published });
    if (++this.#frames <= this.#maxKept) return;
    this.#frames--;
    const [dropped] = this.#kept.splice(this.#kept.findIndex((kept) => "frame" in kept), 1);
    if ("frame" in dropped && dropped.published.position !== null) this.#overflowed = true;
  }

  writeTurn(turn: TopicTurn): void {
    turn.frames.forEach((frame, i) => this.write(frame, turn.published[i]));
  }

  /** One of its own publications is committed, or is not stored: it hears of it in its place. */
  owe(own: Publication, isStored: boolean): void {
    this.#kept.push({ own, isStored });
  }

  /** Hands over: the past first, then what was published meanwhile. */
  handOver(past: Fanout): void {
    past.deliver(this.inner);
    for (const kept of this.#take()) {
      if ("own" in kept) settle(kept.own, kept.isStored);
      else if (this.inner.active) this.inner.write(kept.frame, kept.published);
    }
  }

  /** Its past is not read in time: it does not begin, and only what is owed is told. */
  turnAway(error: unknown): void {
    this.inner.turnedAway?.(error);
    this.#giveUp();
  }

  /** It has asked again: it begins as it has asked last. */
  giveWay(): void {
    this.inner.committed();
    this.#giveUp();
  }

  /** Only what is owed is told. */
  #giveUp(): void {
    for (const kept of this.#take()) if ("own" in kept) settle(kept.own, kept.isStored);
  }

  #take(): readonly Kept[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#frames = 0;
    return kept;
  }
}

function settle(own: Publication, isStored: boolean): void {
  if (isStored) own.acknowledge();
  else own.fail();
}
