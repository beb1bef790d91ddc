import { JsonText } from "../base/json_text.ts";
import type { Position } from "../base/position.ts";
import type { Codec, Frame } from "../protocol/codec.ts";
import { bytesOf, payloadText } from "../protocol/payload.ts";
import type { LogEntry, NewLogEntry } from "./log.ts";
import type { Origin } from "./origin.ts";
import type { Subscriber } from "./subscriber.ts";

/** Whether a subscriber is to get a publication. */
export type SubscriberFilter = (subscriber: Subscriber) => boolean;

/** What somebody publishes in a topic. It is encoded once for each codec, whatever the number of subscribers. */
export class Publication {
  readonly topic: string;
  readonly event: string;
  /** Where it stands in the topic's log; `null` without a history, and until it is committed. */
  position: Position | null = null;
  /** Who published it and waits for its commit; `null`: somebody outside of any channel. */
  readonly origin: Origin | null;
  /** Whether a subscriber is to get it; `null`: all. */
  readonly filter: SubscriberFilter | null;
  /** What the topic's log keeps of it; `null`: nothing. */
  kept: NewLogEntry | null = null;
  /** The ref of the message whose handler published it: what its answer depends on. */
  cause: string | null = null;
  #payload: unknown;
  /** What codecs are given. */
  #wire: unknown;
  #codec: Codec | null = null;
  #frame: Frame | null = null;
  #others: Map<Codec, Frame> | null = null;
  #settled = false;

  constructor(
    topic: string,
    event: string,
    payload: unknown,
    origin: Origin | null = null,
    filter: SubscriberFilter | null = null,
  ) {
    this.topic = topic;
    this.event = event;
    this.#payload = this.#wire = payload;
    this.origin = origin;
    this.filter = filter;
  }

  /** One that a log has kept. */
  static restored(
    topic: string,
    epoch: string,
    entry: LogEntry,
    filter: SubscriberFilter | null,
  ): Publication {
    const { data } = entry;
    const wire = typeof data === "string" ? new JsonText(data) : data;
    const restored = new Publication(topic, entry.event, wire, null, filter);
    restored.position = { epoch, offset: entry.offset };
    return restored;
  }

  /** What was published: JSON, or bytes. */
  get payload(): unknown {
    if (this.#payload instanceof JsonText) this.#payload = this.#payload.toJSON();
    return this.#payload;
  }

  /**
   * It is to be kept by the topic's log. Its payload is encoded here, once for the log and for all codecs. `recipients`:
   * who gets it, as the log keeps it. Throws a `TroupeError` for what JSON cannot carry.
   */
  keep(atMs: number, recipients: string | null): void {
    const bytes = bytesOf(this.#payload);
    const data = bytes === null ? payloadText(this.#payload, this.topic, this.event) : new Uint8Array(bytes); // a copy: the author may go on with its own
    this.#wire = typeof data === "string" ? new JsonText(data) : data;
    this.kept = { event: this.event, data, atMs, recipients };
  }

  /** Tells its origin, once, that it is committed and has gone out. */
  acknowledge(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.origin?.committed();
  }

  /** Tells its origin, once, that it is not stored. */
  fail(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.origin?.failed(this.cause);
  }

  /**
   * Throws a `TroupeError` if `codec` cannot carry it. Where it is kept its frame is made at the commit, when its
   * position is known; else this has made it.
   */
  check(codec: Codec): void {
    if (this.kept === null) this.frame(codec);
    else codec.publication(this.topic, this.event, this.#wire, null);
  }

  /** Its form in `codec`, made at the first call. Throws a `TroupeError` if the codec cannot carry it. */
  frame(codec: Codec): Frame {
    if (codec === this.#codec) return this.#frame!;
    if (this.#codec === null) {
      this.#frame = codec.publication(this.topic, this.event, this.#wire, this.position);
      this.#codec = codec;
      return this.#frame;
    }
    const others = this.#others ??= new Map();
    let frame = others.get(codec);
    if (frame === undefined) {
      frame = codec.publication(this.topic, this.event, this.#wire, this.position);
      others.set(codec, frame);
    }
    return frame;
  }
}
