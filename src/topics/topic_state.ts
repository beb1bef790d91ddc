import { JsonText } from "../base/json_text.ts";
import { TroupeError } from "../base/errors.ts";
import type { Position } from "../base/position.ts";
import { check } from "../contract/schema.ts";
import { applyTo, type StateDefinition } from "../contract/state.ts";
import type { ExtendedPublication, ExtendedTopic, Greeting, TopicExtension } from "./extension.ts";

/** The name of the extension among those of a topic. */
export const STATE = "state";

/** The event that brings a member the state: `{ state, epoch, offset }`. */
export const STATE_EVENT = "troupe:state";

/** What a transaction publishes. */
export interface TransactedEvent {
  readonly event: string;
  readonly payload: unknown;
}

/** Asks a topic for a transaction: the message that its extension takes. */
export interface Transaction {
  /** Decides what is published, from a state that holds all that the topic has taken in. Synchronous. May throw: nothing is. */
  run(state: unknown): readonly TransactedEvent[];
  /** What it gave is committed; `state` is the one after. */
  committed(state: unknown): void;
  /** Nothing of it is published. */
  failed(error: unknown): void;
}

/** A publication that is taken in and not committed yet. */
interface Pending {
  /** The state after it. */
  readonly after: unknown;
}

/** The state of a topic: the fold of its kept publications. It knows the committed one, and the one that is to come. */
export class TopicState implements TopicExtension {
  readonly #definition: StateDefinition;
  readonly #topic: ExtendedTopic;
  readonly #snapshotEvery: number;
  /** Those of it that are being stored come first. */
  #pending: Pending[] = [];
  #storing = 0;
  #committed: unknown;
  #position: Position;
  #greeting: Greeting | null = null;
  #sinceSnapshot: number;
  readonly #transactions = new Set<Transaction>();

  /**
   * Folds what was kept of the topic. Throws `invalid_state` if the snapshot is none by the contract's schema, and what
   * `apply` throws. `snapshotEvery`: publications from one snapshot to the next.
   */
  constructor(definition: StateDefinition, topic: ExtendedTopic, snapshotEvery: number) {
    this.#definition = definition;
    this.#topic = topic;
    this.#snapshotEvery = snapshotEvery;
    const { head, snapshot, tail } = topic.past!;
    this.#committed = snapshot === null ? definition.initial : this.#read(snapshot.data);
    for (const { event, data } of tail) {
      this.#committed = applyTo(definition, this.#committed, event, readData(data));
    }
    this.#sinceSnapshot = tail.length;
    this.#position = head;
  }

  receive(message: unknown): void {
    const transaction = message as Transaction;
    let events: readonly TransactedEvent[];
    try {
      events = transaction.run(this.#queued);
    } catch (error) {
      return transaction.failed(error);
    }
    if (events.length === 0) return transaction.committed(this.#queued);
    this.#transactions.add(transaction);
    events.forEach(({ event, payload }, i) => {
      const isLast = i === events.length - 1;
      this.#topic.publish({
        event,
        payload,
        kept: true,
        ...(isLast && { origin: this.#originOf(transaction) }),
      });
    });
  }

  taken({ event, kept }: ExtendedPublication): void {
    if (kept === null) return;
    const value = readData(kept.data); // what the wire says, as clients fold it
    this.#pending.push({ after: applyTo(this.#definition, this.#queued, event, value) });
  }

  snapshot(): string | null {
    this.#storing = this.#pending.length;
    this.#sinceSnapshot += this.#storing;
    if (this.#storing === 0 || this.#sinceSnapshot < this.#snapshotEvery) return null;
    this.#sinceSnapshot = 0;
    return JSON.stringify(this.#queued);
  }

  failed(): void {
    this.#pending = [];
    this.#sinceSnapshot = Math.max(this.#sinceSnapshot - this.#storing, 0);
  }

  committed({ position }: ExtendedPublication): void {
    if (position === null) return;
    this.#committed = this.#pending.shift()!.after;
    this.#position = position;
    this.#greeting = null;
  }

  joining(): Greeting {
    return this.#greeting ??= new StateGreeting(this.#committed, this.#position);
  }

  stopped(): void {
    for (const transaction of this.#transactions) {
      transaction.failed(
        new TroupeError("topic_ended", `${this.#topic.name} has ended before a transaction was committed`, {
          retryable: true,
        }),
      );
    }
    this.#transactions.clear();
  }

  /** The state with all that is taken in. */
  get #queued(): unknown {
    return this.#pending.length === 0 ? this.#committed : this.#pending.at(-1)!.after;
  }

  #originOf(transaction: Transaction): { committed(): void; failed(): void } {
    const { name } = this.#topic;
    return {
      committed: () => {
        this.#transactions.delete(transaction);
        transaction.committed(this.#committed);
      },
      failed: () => {
        this.#transactions.delete(transaction);
        transaction.failed(
          new TroupeError("not_stored", `A transaction in ${name} could not be stored`, { retryable: true }),
        );
      },
    };
  }

  #read(data: string): unknown {
    const checked = check(this.#definition.schema, JSON.parse(data));
    if (!(checked instanceof Promise) && checked.ok) return checked.value;
    throw new TroupeError(
      "invalid_state",
      `The state that was kept of ${
        JSON.stringify(this.#topic.name)
      } is none by its contract: has the schema ` +
        "changed? Accepted: what the contract's state.schema accepts",
      { details: { issues: checked instanceof Promise ? "the schema is asynchronous" : checked.issues } },
    );
  }
}

/** What a joiner is sent: encoded once for all who join at the same state. */
class StateGreeting implements Greeting {
  readonly event = STATE_EVENT;
  readonly #state: unknown;
  readonly #position: Position;
  #payload: JsonText | null = null;

  constructor(state: unknown, position: Position) {
    this.#state = state;
    this.#position = position;
  }

  payload(): JsonText {
    return this.#payload ??= new JsonText(
      JSON.stringify({ state: this.#state, epoch: this.#position.epoch, offset: this.#position.offset }),
    );
  }
}

function readData(data: string | Uint8Array): unknown {
  return typeof data === "string" ? JSON.parse(data) : data;
}
