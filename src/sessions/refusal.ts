/** An answer that says no: what {@link refuse} makes. */
export class Refusal {
  /** What the client gets as the response of its `error` reply. */
  readonly response: unknown;

  /** Use {@link refuse}. */
  constructor(response: unknown) {
    this.response = response;
  }
}

/**
 * Refuses a join or an event: return it, or throw it, from a handler. The client gets a reply with the status `error`
 * and this response; nothing crashes, and a refused join leaves nothing behind.
 *
 * @param response Any JSON, or bytes. By convention an object with a `reason`.
 *
 * @example
 * ```ts
 * import { refuse } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(refuse({ reason: "unauthorized" }).response, { reason: "unauthorized" });
 * ```
 */
export function refuse(response: unknown): Refusal {
  return new Refusal(response);
}

/** A join that went well and gives its channel a state: what {@link joined} makes. */
export class Joined<out S, out R = void> {
  /** The channel's state. */
  readonly state: S;
  /** The response of the join's reply. */
  readonly reply: R;

  /** Use {@link joined}. */
  constructor(state: S, reply: R) {
    this.state = state;
    this.reply = reply;
  }
}

/**
 * Returned from a `join` handler: the channel starts with `state`, which every later handler finds, typed, as
 * `ctx.state`.
 *
 * @param state The channel's own state. It is never shared with another channel.
 * @param reply The response of the join's reply, where the contract has one.
 */
export function joined<S>(state: S): Joined<S>;
/** With a reply. */
export function joined<S, R>(state: S, reply: R): Joined<S, R>;
export function joined<S, R>(state: S, reply?: R): Joined<S, R | undefined> {
  return new Joined(state, reply);
}
