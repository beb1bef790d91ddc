import type { Position } from "../base/position.ts";
import type { Codec, Frame } from "../protocol/codec.ts";
import type { Subscriber } from "./subscriber.ts";

/** Who waits for a publication's commit. */
export interface Origin {
  /** The publication is committed and fanned out. */
  committed(): void;
}

/** What somebody publishes in a topic. It is encoded once for each codec, whatever the number of subscribers. */
export class Publication {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  /** Where it stands in the topic's log; `null` without a history. */
  readonly position: Position | null = null;
  /** Who published it and waits for its commit; `null`: somebody outside of any channel. */
  readonly origin: Origin | null;
  /** Whether a subscriber is to get it; `null`: all. */
  readonly filter: ((subscriber: Subscriber) => boolean) | null;
  #codec: Codec | null = null;
  #frame: Frame | null = null;
  #others: Map<Codec, Frame> | null = null;
  #acknowledged = false;

  constructor(
    topic: string,
    event: string,
    payload: unknown,
    origin: Origin | null = null,
    filter: ((subscriber: Subscriber) => boolean) | null = null,
  ) {
    this.topic = topic;
    this.event = event;
    this.payload = payload;
    this.origin = origin;
    this.filter = filter;
  }

  /** Tells its origin, once, that it is committed and has gone out. */
  acknowledge(): void {
    if (this.#acknowledged) return;
    this.#acknowledged = true;
    this.origin?.committed();
  }

  /** Its form in `codec`, made at the first call. Throws a `TroupeError` if the codec cannot carry it. */
  frame(codec: Codec): Frame {
    if (codec === this.#codec) return this.#frame!;
    if (this.#codec === null) {
      this.#frame = codec.publication(this.topic, this.event, this.payload, this.position);
      this.#codec = codec;
      return this.#frame;
    }
    const others = this.#others ??= new Map();
    let frame = others.get(codec);
    if (frame === undefined) {
      frame = codec.publication(this.topic, this.event, this.payload, this.position);
      others.set(codec, frame);
    }
    return frame;
  }
}
