/**
 * How sessions that outlive their connection show on the wire: in the answers to joins, and in joins that claim one.
 *
 * @module
 */

import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Recovery } from "../topics/recovery.ts";
import type { Arrival } from "./arrival.ts";

/** Where a client gives a session's secret back: a key of its join's payload, or a parameter of its connection. */
export const CLAIM_KEY = "troupe:session";

/** The event that carries the secret where the reply of a join is no plain object. */
export const SESSION_EVENT = "troupe:session";

/** The event that says how much a client has missed. */
export const MISSED_EVENT = "troupe:missed";

/** A join and the secret that came with it. */
export interface ClaimingJoin {
  /** The join without the secret: what its topic's contract is asked about. */
  readonly message: Inbound;
  /** Anything, since it comes from outside. */
  readonly secret: unknown;
}

/** Takes the secret out of a join; `null` if the payload has no such key. */
export function readClaim(message: Inbound): ClaimingJoin | null {
  const { payload } = message;
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, CLAIM_KEY)) return null;
  const { [CLAIM_KEY]: secret, ...rest } = payload as Record<string, unknown>;
  return { message: { ...message, payload: rest }, secret };
}

/** What the answer to a join says of the session, and of the topic's history. */
export interface Greeting {
  /** The session's secret; `null`: the session ends with its connection, and there is nothing to say. */
  readonly secret: string | null;
  /** How many publications and pushes did not reach a client that is back; `null`: it was not away. */
  readonly missed: number | null;
  /** How the client begins; `null`: the topic has no history. */
  readonly recovery?: Recovery | null;
  /** What it may name as its connection when it comes back. */
  readonly connections?: string;
}

/**
 * The answer to a join that is granted, and what goes right behind it. Throws what the codec throws for a response that
 * it cannot carry.
 */
export function grantingFrames(
  arrival: Arrival,
  codec: Codec,
  response: unknown,
  greeting: Greeting,
): Frame[] {
  const { secret, missed, recovery = null } = greeting;
  if (secret === null && recovery === null) return [arrival.reply(codec, "ok", response)];
  const { joinRef, message: { topic } } = arrival;
  const about = describe(greeting);
  const frames = isPlain(response)
    ? [arrival.reply(codec, "ok", { ...response, troupe: about })]
    : [arrival.reply(codec, "ok", response), codec.push(joinRef, topic, SESSION_EVENT, about)];
  if (missed && (recovery?.outcome ?? null) === null) {
    frames.push(codec.push(joinRef, topic, MISSED_EVENT, { count: missed, from: null, to: null }));
  }
  return frames;
}

/** What stands under `troupe` in the answer. */
function describe({ secret, missed, recovery = null, connections }: Greeting): object {
  return {
    ...(secret !== null && { session: secret }),
    ...(secret !== null && missed !== null && { resumed: true }),
    ...(recovery !== null && {
      ...recovery.position,
      connection: connections,
      ...(recovery.outcome !== null && { recovery: recovery.outcome }),
      ...(recovery.gap !== null && { gap: recovery.gap }),
    }),
  };
}

/** Whether a key can be added to it without changing what it is. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
