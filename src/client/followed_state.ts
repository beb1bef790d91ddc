/**
 * The state of a topic that a client is in.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import type { StateDefinition } from "../contract/mod.ts";
import type { Feature, StatePart } from "./feature.ts";
import type { Membership } from "./membership.ts";
import { Replica } from "./replica.ts";

/** What `troupe:state` brings. */
interface Snapshot {
  readonly state: unknown;
  readonly offset: number;
}

/** Keeps a replica in step with the topic; where it cannot, has the membership join anew and take a snapshot. */
export class FollowedState implements StatePart {
  readonly #membership: Membership;
  readonly #replica: Replica;
  /** The first join is answered, and its state has yet to come. */
  #awaited: (() => void) | null = null;
  #failures = 0;
  /** How often a snapshot was promised that takes the place of those before. */
  #snapshots = 0;

  constructor(membership: Membership, definition: StateDefinition) {
    this.#membership = membership;
    this.#replica = new Replica(definition);
  }

  /** The state; `undefined` until it is there. */
  get value(): unknown {
    return this.#replica.state;
  }

  /** Whether there is a state that what follows can be added to; else the next join has to ask for one. */
  get isKnown(): boolean {
    return this.#replica.isKnown;
  }

  /**
   * What was missed does not come, or not all of it: a snapshot does. Until it is there, what there was cannot be gone on
   * from, though the position has passed what is lost.
   */
  overtaken(): void {
    this.#replica.clear();
    this.#snapshots++;
  }

  /** Calls `then` when the state is there, or will not come: at once, or later. */
  whenKnown(then: () => void): void {
    if (this.#replica.isKnown) return then();
    const { clock, timeoutMs } = this.#membership.link;
    // A server whose topic has no state sends none.
    const timer = clock.setTimer(() => this.goOn(), timeoutMs);
    this.#awaited = () => {
      this.#awaited = null;
      clock.clearTimer(timer);
      then();
    };
  }

  /** Nobody waits for the state any more. */
  goOn(): void {
    this.#awaited?.();
  }

  /** A snapshot has come. */
  received(snapshot: unknown): void {
    const { state, offset } = snapshot as Snapshot;
    const { inbox, listeners } = this.#membership;
    const number = this.#snapshots;
    inbox.then(() =>
      // What is kept is what the wire says: a schema may leave out what the server's state has.
      inbox.check("troupe:state", this.#replica.schema, state, () => {
        if (number !== this.#snapshots) return;
        this.#replica.load(state, offset);
        this.goOn();
        listeners.emit("troupe:state", state);
      })
    );
  }

  /** An event has come; whether it has changed the state. */
  happened(event: string, raw: unknown, offset: number | null): boolean {
    this.goOn();
    try {
      const changed = this.#replica.apply(event, raw, offset);
      if (changed) this.#failures = 0;
      return changed;
    } catch (error) {
      this.#membership.link.failed(error, event);
      this.#reset({ reason: "apply_failed", message: messageOf(error) });
      return false;
    }
  }

  /** An event was left out. If it could have changed the state, that would not be the server's any more. */
  skipped(event: string): void {
    if (this.#replica.isKnown && this.#replica.hasApply(event)) {
      this.#reset({ reason: "event_skipped", event });
    }
  }

  /** Without a state, a join asks for a snapshot. */
  #reset(reason: object): void {
    const { link } = this.#membership;
    link.counters.add("replica.resets");
    this.#replica.clear();
    const tries = ++this.#failures;
    this.#membership.rejoin(reason, tries === 1 ? 0 : link.rejoin.waitMs(tries));
  }
}

/** Gives the channels whose contracts have a state `channel.state`, and `troupe:state`: for the option `use` of `connect`. */
export const withState: Feature = {
  name: "withState",
  equip: (membership: Membership) => {
    const { state } = membership.definition;
    return state === undefined ? {} : { state: new FollowedState(membership, state) };
  },
};
