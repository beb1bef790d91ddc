/**
 * Messages that clients name, so that a repetition of them has no effect.
 *
 * @module
 */

import type { Inbound } from "../protocol/codec.ts";
import type { DedupeWindow } from "./dedupe_window.ts";

/** Where a client names what it sends: a key of the payload. */
export const ID_KEY = "troupe:id";

/** The longest id, in characters. */
export const MAX_ID_LENGTH = 64;

/** A channel that is sent something. */
export interface Addressee {
  /** Whether its client is away, or is coming back and not answered yet. */
  readonly isAbsent: boolean;
  /** Takes a message of the client's. */
  post(message: Inbound): void;
  /** Answers one, which is remembered by `named`, or repeats what is. */
  answer(ref: string | null, status: string, response: unknown, named?: object): void;
}

/** A session, which remembers what its client has named. */
export interface Remembering {
  /** What it remembers, from now on. */
  remembering(): DedupeWindow;
}

/**
 * Hands `message` to its channel, unless it is a repetition of what the channel has still to answer: that is answered
 * alike. What else may be a repetition is handed on, too, and looked at in its turn: by {@link takenOnce}.
 */
export function postOnce(channel: Addressee, message: Inbound, session: Remembering): void {
  const { payload } = message;
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, ID_KEY)) {
    return channel.post(message);
  }
  const { [ID_KEY]: id, ...rest } = payload as Record<string, unknown>;
  if (typeof id !== "string" || id.length === 0 || id.length > MAX_ID_LENGTH) {
    const issues = [{ path: ID_KEY, message: `expected a string of 1 to ${MAX_ID_LENGTH} characters` }];
    return channel.answer(message.ref, "error", { reason: "invalid_payload", issues });
  }
  const window = session.remembering();
  const mayWait = channel.isAbsent || window.isPast(message.topic, id, channel);
  const once = mayWait ? { ...message, id } : takenOnce(channel, { ...message, id }, window);
  if (once !== null) channel.post({ ...once, payload: rest });
}

/** `message`, to be handled; `null`: it is a repetition, and answered as what it repeats. */
export function takenOnce(channel: Addressee, message: Inbound, window: DedupeWindow): Inbound | null {
  const { id, ...known } = message;
  const taken = window.take(message, id!, channel);
  if ("named" in taken) return { ...known, named: taken.named };
  const { answered, repeated } = taken;
  if (answered !== null) channel.answer(message.ref, answered.status, answered.response, repeated);
  return null;
}
