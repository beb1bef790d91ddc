import type { Inbound } from "../protocol/codec.ts";
import type { Arrival } from "./arrival.ts";
import type { LeaveReason } from "./topic_handlers.ts";

/** A message from the server's side, for the `info` handler. */
export class Info {
  /** What was told. */
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}

/** The channel is to end after all that was said before. */
export interface End {
  /** Why. */
  readonly end: LeaveReason;
  /** The client's leave, if it asked. */
  readonly leave: Inbound | null;
}

/** Follows the end: what came between is answered, then the actor stops. */
export const FAREWELL: unique symbol = Symbol("farewell");

/** The connection has dropped behind all that the client said before. */
export const SUSPENDED: unique symbol = Symbol("suspended");

/**
 * What a channel's mailbox holds: the client's messages as they were decoded, and the server's. An {@link Arrival} is a
 * join that brings the client back.
 */
export type ChannelMessage = Inbound | Info | End | Arrival | typeof FAREWELL | typeof SUSPENDED;
