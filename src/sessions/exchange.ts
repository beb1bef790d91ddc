import { TroupeError } from "../base/errors.ts";
import { check, type Checked } from "../contract/schema.ts";
import { Joined, Refusal } from "./refusal.ts";
import type { EventKind } from "./topic_kind.ts";

/** What a client's message is answered with. */
export interface Answer {
  readonly status: "ok" | "error";
  /** The response, checked against the contract. */
  readonly response: unknown;
  /** Whether the handler answered with nothing at all. */
  readonly isEmpty: boolean;
  /** The state that a join handler gave its channel. */
  readonly joined: Joined<unknown, unknown> | null;
  /** Whether it says that what the message was to publish is not stored: the same message may come again. */
  readonly isUnstored: boolean;
}

/** Is told of a handler that answers what its contract refuses. */
export interface ExchangeObserver {
  /** The contract refuses the reply, for these reasons. */
  invalidReply(issues: unknown): void;
}

/**
 * One exchange with a client: checks the payload, calls the handler, checks the reply. Answers at once, or with a
 * promise if the schema or the handler is asynchronous. What the handler throws is thrown on, except for a
 * {@link Refusal}, a full mailbox, and a log that could not store what the handler waited for, which are answers.
 */
export function exchange(
  kind: EventKind,
  ctx: unknown,
  payload: unknown,
  observer: ExchangeObserver,
): Answer | Promise<Answer> {
  if (kind.payload === null) return call(kind, ctx, payload, observer);
  const checked = check(kind.payload, payload);
  if (!(checked instanceof Promise)) return callChecked(kind, ctx, checked, observer);
  return checked.then((result) => callChecked(kind, ctx, result, observer));
}

function callChecked(
  kind: EventKind,
  ctx: unknown,
  checked: Checked<unknown>,
  observer: ExchangeObserver,
): Answer | Promise<Answer> {
  if (checked.ok) return call(kind, ctx, checked.value, observer);
  return error({ reason: "invalid_payload", issues: checked.issues });
}

function call(
  kind: EventKind,
  ctx: unknown,
  payload: unknown,
  observer: ExchangeObserver,
): Answer | Promise<Answer> {
  let result: unknown;
  try {
    result = kind.handler(ctx, payload);
  } catch (thrown) {
    return answerToThrown(thrown);
  }
  if (!(result instanceof Promise)) return answer(kind, result, observer);
  return result.then((value) => answer(kind, value, observer), answerToThrown);
}

function answer(kind: EventKind, result: unknown, observer: ExchangeObserver): Answer | Promise<Answer> {
  if (result instanceof Refusal) return error(result.response);
  const joined = result instanceof Joined ? result : null;
  const reply = joined === null ? result : joined.reply;
  if (kind.reply === null) return ok(reply, joined);
  const checked = check(kind.reply, reply);
  if (checked instanceof Promise) return checked.then((each) => answerChecked(each, joined, observer));
  return answerChecked(checked, joined, observer);
}

function answerChecked(
  checked: Checked<unknown>,
  joined: Joined<unknown, unknown> | null,
  observer: ExchangeObserver,
): Answer {
  if (checked.ok) return ok(checked.value, joined);
  observer.invalidReply(checked.issues);
  return error({ reason: "invalid_reply", issues: checked.issues });
}

function answerToThrown(thrown: unknown): Answer {
  if (thrown instanceof Refusal) return error(thrown.response);
  if (!(thrown instanceof TroupeError)) throw thrown;
  const { code, retryAfterMs } = thrown;
  if (code === "not_stored") return { ...error({ reason: code }), isUnstored: true };
  if (!OVERLOAD_CODES.has(code)) throw thrown;
  return error({ reason: "overloaded", ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** A full mailbox somewhere behind the handler: the client may try again. */
const OVERLOAD_CODES = new Set(["topic_overloaded", "mailbox_full"]);

function ok(response: unknown, joined: Joined<unknown, unknown> | null): Answer {
  const isEmpty = response === undefined;
  return { status: "ok", response: isEmpty ? {} : response, isEmpty, joined, isUnstored: false };
}

function error(response: unknown): Answer {
  return { status: "error", response, isEmpty: false, joined: null, isUnstored: false };
}
