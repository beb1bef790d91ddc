import { TroupeError } from "../base/errors.ts";
import { STATE, type Transaction } from "../topics/topic_state.ts";
import { Refusal } from "./refusal.ts";
import { checkOutgoing } from "./check_outgoing.ts";
import type { TopicKind } from "./topic_kind.ts";

/** What a transaction publishes: an event of the contract's server, and its payload. */
export type Transacted = readonly [event: string, payload: unknown];

/** Decides what is published, from the state. */
export type Decide = (state: unknown) => readonly Transacted[] | Refusal;

/** Who asks. */
export interface Transacting {
  readonly topic: string;
  readonly kind: TopicKind;
  /** Tells an extension of the topic. `false`: its mailbox is full. */
  tell(extension: string, message: unknown): boolean;
  /** Aborts when the asker is gone. Left out: it is always there. */
  readonly signal?: AbortSignal;
}

/** Whether some `decide` runs: it must not ask for another. */
let isDeciding = false;

/**
 * Asks a topic to decide and publish, in its own turn. Resolves with the state after the commit. Throws `no_state` and
 * `nested_transact`; all else is a rejection, which nobody has to await.
 */
export function transact({ topic, kind, tell, signal }: Transacting, decide: Decide): Promise<unknown> {
  if (kind.state === null) {
    throw new TroupeError(
      "no_state",
      `Cannot transact in ${JSON.stringify(topic)}: its contract has no state`,
    );
  }
  if (isDeciding) {
    throw new TroupeError(
      "nested_transact",
      `Cannot transact in ${
        JSON.stringify(topic)
      } from within a transaction: it decides from one state, at once`,
    );
  }
  const asked = new Promise<unknown>((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(channelEnded(topic)), { once: true });
    const transaction: Transaction = {
      run(state) {
        isDeciding = true;
        try {
          return checked(kind, decide(state));
        } finally {
          isDeciding = false;
        }
      },
      committed: resolve,
      failed: reject,
    };
    if (!tell(STATE, transaction)) reject(overloaded(topic));
  });
  asked.catch(() => {}); // who does not await it does not care
  return asked;
}

function checked(
  kind: TopicKind,
  decided: readonly Transacted[] | Refusal,
): { event: string; payload: unknown }[] {
  if (decided instanceof Refusal) throw decided;
  if (Array.isArray(decided)) {
    return decided.map(([event, payload]) => ({ event, payload: checkOutgoing(kind, event, payload) }));
  }
  const came = (decided as unknown) instanceof Promise ? "a promise" : typeof decided;
  throw new TroupeError(
    "invalid_transaction",
    `A transaction must give a list of [event, payload], or refuse(…), at once; it gave ${came}`,
  );
}

function channelEnded(topic: string): TroupeError {
  return new TroupeError(
    "channel_ended",
    `The channel in ${JSON.stringify(topic)} has ended before a transaction was`,
  );
}

function overloaded(topic: string): TroupeError {
  return new TroupeError(
    "topic_overloaded",
    `Cannot transact in ${JSON.stringify(topic)}: the topic has more to do than its mailbox holds`,
    { retryable: true, details: { topic } },
  );
}
