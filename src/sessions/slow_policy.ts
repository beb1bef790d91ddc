/**
 * What becomes of publications that a client does not read in time.
 *
 * A subscription is *behind* while something that was sent to its connection has to wait, since the transport holds as
 * much as it may (see `Limits.transportBytes`). Only then does its policy apply: a client that keeps up gets
 * everything, at once, whatever the policy.
 *
 * Replies, direct pushes and the protocol's own messages are never dropped. What is delivered comes in the order in
 * which it was said, the publications among them in the order of their topic: a policy leaves publications out, and
 * moves nothing. Where some were left out, a push `troupe:missed` on the topic says so, ahead of the next publication:
 * `{ count, from, to }`, how many since the last such push, and the offsets of the first and the last of them, where
 * the topic has a history (else `null`). With `latest`, some between these two may have been or be delivered.
 *
 * Whatever the policy, the outbox of the connection stays bounded (`Limits.outboxFrames`, `Limits.outboxBytes`).
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";

/** What a publication is told from others by, for {@link latest}. `P`: what its payloads are. */
export type SlowKey<P = unknown> = (event: string, payload: P) => string | number;

/** One of {@link keepAll}, {@link dropOldest}, {@link latest}, {@link sample}, {@link closeSlow}: a frozen value. */
export type SlowPolicy =
  | { readonly kind: "keep_all" }
  | { readonly kind: "drop_oldest"; readonly max: number }
  | { readonly kind: "latest"; readonly key: SlowKey }
  | { readonly kind: "sample"; readonly everyMs: number }
  | { readonly kind: "close" };

/** How messages say what can be given. */
const ACCEPTED = "keepAll(), dropOldest({ max }), latest({ key }), sample({ everyMs }), closeSlow()";

/** Those that were made here: nothing else is a policy. */
const made = new WeakSet<object>();

/**
 * All of it waits, up to the bounds of the outbox; beyond, the connection is closed with 1013 (`outbox.overflows`). This
 * is the default.
 */
export function keepAll(): SlowPolicy {
  return KEEP_ALL;
}

/**
 * The newest `max` publications of the topic wait; older ones are left out. Where fewer fill the outbox, so many wait:
 * the connection is not closed for them.
 *
 * @param options `max`: a whole number, at least 1.
 * @throws {TroupeError} `invalid_policy`.
 * @example
 * ```ts
 * import { App, dropOldest } from "@troupe/core";
 *
 * const app = new App().topic("log:{name}", { slow: dropOldest({ max: 100 }) });
 * await app.close();
 * ```
 */
export function dropOldest(options: { readonly max: number }): SlowPolicy {
  const { max } = checkedOptions("dropOldest", options, ["max"]);
  if (Number.isSafeInteger(max) && (max as number) > 0) {
    return policy({ kind: "drop_oldest", max: max as number });
  }
  throw invalid(`dropOldest: max is ${shown(max)}`, "a whole number of messages, at least 1");
}

/**
 * The newest publication of each key waits; one that comes takes the place at the end, and what waited under its key is
 * left out. A connection for which too many keys wait is closed with 1013, as with {@link keepAll}.
 *
 * @param options `key`: what a publication is told from others by. It gets the event and the payload as it was
 * published, and must be quick, since it runs for each subscriber that is behind. Where it throws, the publication is
 * kept, and counted (`slow.key_failures`). Default: the event.
 * @throws {TroupeError} `invalid_policy`.
 * @example
 * ```ts
 * import { App, latest } from "@troupe/core";
 *
 * const app = new App().topic("prices:{market}", {
 *   slow: latest({ key: (_event, { symbol }: { symbol: string }) => symbol }),
 * });
 * await app.close();
 * ```
 */
export function latest<P = unknown>(options: { readonly key?: SlowKey<P> } = {}): SlowPolicy {
  const { key } = checkedOptions("latest", options, ["key"]);
  if (key === undefined) return policy({ kind: "latest", key: (event) => event });
  if (typeof key === "function") return policy({ kind: "latest", key: key as SlowKey });
  throw invalid(`latest: key is ${shown(key)}`, "a function (event, payload) => string or number");
}

/**
 * Of the publications of each `everyMs` milliseconds the newest waits: what was missed comes thinned out. Where these
 * fill the outbox, the oldest are left out.
 *
 * @param options `everyMs`: the length of an interval in milliseconds, more than 0. One begins with the first
 * publication that has to wait.
 * @throws {TroupeError} `invalid_policy`.
 */
export function sample(options: { readonly everyMs: number }): SlowPolicy {
  const { everyMs } = checkedOptions("sample", options, ["everyMs"]);
  if (typeof everyMs === "number" && everyMs > 0 && everyMs < Infinity) {
    return policy({ kind: "sample", everyMs });
  }
  throw invalid(`sample: everyMs is ${shown(everyMs)}`, "a number of milliseconds, more than 0");
}

/** The connection is closed with 1013 as soon as a publication would have to wait (`slow.closed`). */
export function closeSlow(): SlowPolicy {
  return CLOSE_SLOW;
}

const KEEP_ALL = policy({ kind: "keep_all" });
const CLOSE_SLOW = policy({ kind: "close" });

/** Whether `value` was made by one of the functions above. */
export function isSlowPolicy(value: unknown): value is SlowPolicy {
  return typeof value === "object" && value !== null && made.has(value);
}

/** For those who were given something else: what is accepted. */
export function invalidPolicy(where: string, value: unknown): TroupeError {
  return invalid(`${where} is ${shown(value)}`, ACCEPTED);
}

function policy(value: SlowPolicy): SlowPolicy {
  made.add(value);
  return Object.freeze(value);
}

function checkedOptions(
  name: string,
  options: unknown,
  accepted: readonly string[],
): Record<string, unknown> {
  if (typeof options !== "object" || options === null) {
    throw invalid(`${name}: its options are ${shown(options)}`, `{ ${accepted.join(", ")} }`);
  }
  const surplus = Object.keys(options).find((key) => !accepted.includes(key));
  if (surplus !== undefined) throw invalid(`${name}: "${surplus}" is not known`, accepted.join(", "));
  return options as Record<string, unknown>;
}

function shown(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "undefined") return String(value);
  return typeof value === "object" ? "an object that none of them made" : `a ${typeof value}`;
}

function invalid(fault: string, accepted: string): TroupeError {
  return new TroupeError(
    "invalid_policy",
    `Cannot use the slow-consumer policy: ${fault}. Accepted: ${accepted}`,
    {
      details: { accepted },
    },
  );
}
