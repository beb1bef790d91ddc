import type { WireData } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket } from "../sessions/socket.ts";

/**
 * A `Socket` that remembers what it was handed. It takes everything at once, until it is told to stall: then what it
 * takes stays in its buffer, as with a client that does not read.
 *
 * @example
 * ```ts
 * import { FakeSocket } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const socket = new FakeSocket();
 * socket.close(1001, "going away");
 * assertEquals(socket.closed, { code: 1001, reason: "going away" });
 * assertEquals(socket.take(), []);
 * ```
 */
export class FakeSocket implements Socket {
  /** What {@link FakeSocket.bufferedBytes} says. It can be set. Default: 0. */
  bufferedBytes = 0;
  /** Whether the frames of a turn leave in one write. Is read once, when the connection opens. Default: `false`, as with WebSocket. */
  coalesces = false;
  /** Whether what is sent from now on stays in the buffer, and is counted there. Default: `false`. */
  stalled = false;
  /** Every turn that was handed over, oldest first. */
  readonly turns: Turn[] = [];
  /** How the engine closed it; `null` while it is open. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  #taken = 0;

  /** Remembers a turn. After a close it does nothing. */
  send(turn: Turn): void {
    if (this.closed !== null) return;
    this.turns.push(turn);
    if (this.stalled) this.bufferedBytes += turn.byteLength;
  }

  /** Remembers the close. A second one does nothing. */
  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  /** The client reads again: the buffer is empty, and stays so. */
  resume(): void {
    this.stalled = false;
    this.bufferedBytes = 0;
  }

  /** Every frame that was handed over, as it goes on the wire, oldest first. */
  get frames(): WireData[] {
    return this.turns.flatMap((turn) => turn.frames.map((frame) => frame.data));
  }

  /** The frames since the last call, oldest first. */
  take(): WireData[] {
    const frames = this.turns.slice(this.#taken).flatMap((turn) => turn.frames.map((frame) => frame.data));
    this.#taken = this.turns.length;
    return frames;
  }
}
