import { TroupeError } from "../base/errors.ts";
import type { ExchangeDefinition } from "../contract/define_topic.ts";
import { anyRecord, check, type Schema } from "../contract/schema.ts";

/** How a request is bounded. */
export interface RequestOptions {
  /** How long the client may take to answer, in milliseconds. Default: 10,000. */
  timeoutMs?: number;
}

/** One question that the server may ask: what goes with it, and what its answer must be. `null`: anything. */
export interface RequestKind {
  readonly payload: Schema | null;
  readonly reply: Schema | null;
}

/** The questions of a contract, by event; `null` without a contract: any question, any answer. */
export type RequestKinds = ReadonlyMap<string, RequestKind> | null;

const ANYTHING: RequestKind = { payload: null, reply: null };

/** The questions that a contract's definition names. */
export function requestKinds(requests: Readonly<Record<string, ExchangeDefinition>> = {}): RequestKinds {
  return new Map(
    Object.entries(requests).map(([event, { payload, reply }]) => [
      event,
      { payload: payload ?? anyRecord, reply: reply ?? anyRecord },
    ]),
  );
}

/** A question that the contract lets the server ask. */
export interface CheckedRequest {
  readonly kind: RequestKind;
  /** The payload, validated. */
  readonly payload: unknown;
}

/**
 * Checks what the server is about to ask in `topic`.
 *
 * @throws {TroupeError} `unknown_event`, `invalid_payload` with its issues, or `async_schema`: asking is synchronous.
 */
export function checkRequest(
  kinds: RequestKinds,
  topic: string,
  event: string,
  payload: unknown,
): CheckedRequest {
  if (kinds === null) return { kind: ANYTHING, payload };
  const kind = kinds.get(event);
  const cannot = `Cannot ask ${JSON.stringify(event)} in ${topic}`;
  if (kind === undefined) {
    throw new TroupeError("unknown_event", `${cannot}: its contract has no such request`, {
      details: { event, accepted: [...kinds.keys()] },
    });
  }
  const checked = check(kind.payload!, payload);
  if (checked instanceof Promise) {
    throw new TroupeError("async_schema", `${cannot}: the schema of its payload is asynchronous`);
  }
  if (checked.ok) return { kind, payload: checked.value };
  const [{ path, message }] = checked.issues;
  throw new TroupeError(
    "invalid_payload",
    `${cannot}: at ${path === "" ? "the payload" : path}: ${message}`,
    {
      details: { event, issues: checked.issues },
    },
  );
}
