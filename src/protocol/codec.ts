/**
 * The wire port. A {@link Codec} turns what comes from a socket into {@link Inbound} messages, and what the engine
 * says into {@link Frame}s. It is pure: no I/O, no time, no randomness, nothing of `Deno`; it runs in a browser.
 *
 * @module
 */

import type { Position } from "../base/position.ts";
import type { Frame, WireData } from "./frame.ts";

export { Frame, utf8Length, type WireData } from "./frame.ts";
export { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES } from "./turn.ts";

/** What a client said, in the engine's own words, whatever the wire. */
export interface Inbound {
  /** Names the incarnation of the channel that is meant; `null` where the client left it out. */
  readonly joinRef: string | null;
  /** The client's name for this message, to be repeated in the reply; `null` if it wants none. */
  readonly ref: string | null;
  /** The topic. */
  readonly topic: string;
  /** The event: the client's own, or one of `phx_join`, `phx_leave`, `heartbeat`. */
  readonly event: string;
  /** The payload: JSON, or the bytes of a binary message. */
  readonly payload: unknown;
  /** On a join: up to where the client claims to have seen the topic, and wants to go on from. Left out: from now. */
  readonly after?: Position;
  /** The client has named it, to be answered alike if it comes again: by this its session remembers it. */
  readonly named?: object;
  /** What its client calls it, where only in its turn it is known whether it is a repetition. */
  readonly id?: string;
}

/** Why a message could not be read. Its `message` names the fault in at most 123 bytes: it becomes a close reason. */
export class MalformedMessage extends Error {
  /** Always `MalformedMessage`. */
  override readonly name = "MalformedMessage";
}

/** A wire protocol, both ways. One value serves every connection that speaks it. */
export interface Codec {
  /** Its name, for logs and inspection, e.g. `phoenix/2.0.0`. */
  readonly name: string;
  /**
   * Reads one whole message of the transport, which may hold several of ours (batches): calls `sink` for each, in
   * order.
   *
   * MUST throw {@link MalformedMessage}, and nothing else, for anything that it cannot read; MUST read all of the
   * data before the first call of `sink`, so that a malformed batch has no effect.
   */
  decode(data: WireData, sink: (message: Inbound) => void): void;
  /** A reply to the message `ref`. `status` is `ok` or `error` by convention; `response` is JSON or bytes. */
  reply(joinRef: string | null, ref: string | null, topic: string, status: string, response: unknown): Frame;
  /** A message to one channel. */
  push(joinRef: string, topic: string, event: string, payload: unknown): Frame;
  /** A publication, the same for every subscriber. `position` is given where the topic has a history. */
  publication(topic: string, event: string, payload: unknown, position: Position | null): Frame;
  /** The channel that was joined with `joinRef` has ended: `phx_close`, or `phx_error` with a reason. */
  ended(joinRef: string | null, topic: string, event: "phx_close" | "phx_error", payload: unknown): Frame;
  /**
   * Joins several messages into one frame, if the wire can: `null` means that each goes alone. All of `frames` are
   * text. The caller keeps the bounds of a batch.
   */
  readonly join: ((frames: readonly Frame[]) => Frame) | null;
}
