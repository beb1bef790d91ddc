import type { Clock, TimerId } from "../base/clock.ts";

/** Bytes of events, whole ones. They are shared between streams, and MUST NOT change. */
export type EventBytes = Uint8Array<ArrayBuffer>;

/**
 * The body of one response: takes events, and hands them to the runtime as it asks for them. What the runtime has not
 * asked for stays in a list of ours, so that its size is known, and so that it can be dropped: a client that does not
 * read cannot be cut off, but what waits for it can.
 *
 * This is not std/http's `ServerSentEventStream`: that one encodes each event for each stream, and hides how much waits
 * in a second queue. Measured (200 streams, 120 B an event): 22 µs a delivery with it, 13 µs with shared bytes.
 */
export class SseStream implements UnderlyingDefaultSource<EventBytes> {
  readonly #clock: Clock;
  readonly #cancelled: () => void;
  #controller: ReadableStreamDefaultController<EventBytes> | null = null;
  #waiting: EventBytes[] = [];
  #bufferedBytes = 0;
  /** The runtime has asked, and there was nothing. */
  #wanted = false;
  #ending = false;
  #done = false;
  #taken = 0;
  #linger: TimerId | null = null;

  /** `cancelled`: is called once if the client goes before the stream's end. */
  constructor(clock: Clock, cancelled: () => void) {
    this.#clock = clock;
    this.#cancelled = cancelled;
  }

  /** The body. Call it once. */
  body(): ReadableStream<EventBytes> {
    return new ReadableStream(this, { highWaterMark: 0 });
  }

  /** Bytes that the runtime has not asked for yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** How many pieces the runtime has taken: it moves as long as somebody reads. */
  get taken(): number {
    return this.#taken;
  }

  /** Adds one piece. After the end it does nothing. */
  write(bytes: EventBytes): void {
    if (this.#ending || this.#done) return;
    if (this.#wanted) {
      this.#wanted = false;
      this.#hand(bytes);
    } else {
      this.#waiting.push(bytes);
      this.#bufferedBytes += bytes.byteLength;
    }
  }

  /**
   * Ends the stream behind what was written, or without it after `lingerMs`. `cutOff` is called if it comes to that.
   */
  end(lingerMs: number, cutOff: () => void): void {
    if (this.#ending || this.#done) return;
    this.#ending = true;
    if (this.#waiting.length === 0) return this.#finish();
    this.#linger = this.#clock.setTimer(() => {
      this.#linger = null;
      this.discard();
      cutOff();
    }, lingerMs);
  }

  /** Ends the stream at once, without what waits. */
  discard(): void {
    this.#drop();
    this.#finish();
  }

  // ── The runtime's side ───────────────────────────────────────────────────────────────────────────────────────────

  /** For the runtime. */
  start(controller: ReadableStreamDefaultController<EventBytes>): void {
    this.#controller = controller;
    if (this.#done) controller.close(); // it was cut off before anybody asked for it
  }

  /** For the runtime: it wants more. */
  pull(): void {
    const bytes = this.#waiting.shift();
    if (bytes === undefined) {
      this.#wanted = true;
      return;
    }
    this.#bufferedBytes -= bytes.byteLength;
    this.#hand(bytes);
    if (this.#ending && this.#waiting.length === 0) this.#finish();
  }

  /** For the runtime: the client has gone. */
  cancel(): void {
    const gone = !this.#ending && !this.#done;
    this.#done = true;
    this.#drop();
    this.#stopLinger();
    if (gone) this.#cancelled();
  }

  #hand(bytes: EventBytes): void {
    this.#taken++;
    this.#controller!.enqueue(bytes);
  }

  #drop(): void {
    this.#waiting = [];
    this.#bufferedBytes = 0;
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopLinger();
    this.#controller?.close();
  }

  #stopLinger(): void {
    if (this.#linger !== null) this.#clock.clearTimer(this.#linger);
    this.#linger = null;
  }
}
