import type { Clock, TimerId } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";

/** What is said of a socket whose close has begun. */
export interface Closing {
  /** Whether it has ended. */
  readonly ended: boolean;
  /** Cuts the connection off. Left out where the transport has no way to. MUST NOT throw. */
  cutOff?(): void;
}

/** What closings need of their mount. */
export interface ClosingsPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Bounds; read when they are needed. */
  readonly limits: { readonly closeTimeoutMs: number };
}

/**
 * Sockets whose close has begun, until they have ended. The close frame waits behind what the other side has not read,
 * so that one whose other side reads nothing does not end by itself: after `limits.closeTimeoutMs` it is cut off and
 * counted (`connections.cut_off`). Where the transport has no way to, it is counted (`connections.abandoned`) and
 * forgotten: nothing more is written to it, so that it takes no more memory than it has; TCP ends it at some time. One
 * timer serves all.
 */
export class Closings {
  readonly #ports: ClosingsPorts;
  readonly #dueMs = new Map<Closing, number>();
  #timer: TimerId | null = null;

  constructor(ports: ClosingsPorts) {
    this.#ports = ports;
  }

  /** How many have not ended, and are not given up. */
  get size(): number {
    return this.#dueMs.size;
  }

  /** Begins a close soon, but not now. */
  soon(begin: () => void): void {
    this.#ports.clock.setTimer(begin, 0);
  }

  /** The close of a socket has begun. */
  add(closing: Closing): void {
    const { clock, limits: { closeTimeoutMs } } = this.#ports;
    this.#dueMs.set(closing, clock.elapsedMs() + closeTimeoutMs);
    this.#timer ??= clock.setTimer(this.#look, closeTimeoutMs);
  }

  /** It has ended. */
  delete(closing: Closing): void {
    if (this.#dueMs.delete(closing) && this.#dueMs.size === 0) this.#stop();
  }

  /** Forgets all of them; those that can be cut off are. */
  clear(): void {
    for (const closing of [...this.#dueMs.keys()]) closing.cutOff?.();
    this.#dueMs.clear();
    this.#stop();
  }

  readonly #look = (): void => {
    this.#timer = null;
    const { clock, counters } = this.#ports;
    const nowMs = clock.elapsedMs();
    for (const [closing, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) {
        this.#timer = clock.setTimer(this.#look, dueMs - nowMs);
        return;
      }
      this.#dueMs.delete(closing);
      if (closing.ended) continue;
      counters.add(closing.cutOff === undefined ? "connections.abandoned" : "connections.cut_off");
      closing.cutOff?.();
    }
  };

  #stop(): void {
    if (this.#timer !== null) this.#ports.clock.clearTimer(this.#timer);
    this.#timer = null;
  }
}
