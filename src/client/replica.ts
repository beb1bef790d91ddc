/**
 * A topic's state, as a client has it.
 *
 * @module
 */

import { applyTo, type Schema, type StateDefinition } from "../contract/mod.ts";

/** A state that follows a topic: a snapshot, and then the events that change it, each once. */
export class Replica {
  readonly #definition: StateDefinition;
  #state: unknown;
  #offset: number | null = null;

  /** There is no state yet. */
  constructor(definition: StateDefinition) {
    this.#definition = definition;
  }

  /** Whether there is a state that can be gone on from. */
  get isKnown(): boolean {
    return this.#offset !== null;
  }

  /** The state; `undefined` if there is none. It must not be changed. */
  get state(): unknown {
    return this.#state;
  }

  /** The schema of snapshots. */
  get schema(): Schema {
    return this.#definition.schema;
  }

  /** The state at an offset. */
  load(state: unknown, offset: number): void {
    this.#state = state;
    this.#offset = offset;
  }

  /** What there is cannot be gone on from; it stays to be looked at until a snapshot takes its place. */
  clear(): void {
    this.#offset = null;
  }

  /** Whether an event may change the state. */
  hasApply(event: string): boolean {
    return Object.hasOwn(this.#definition.apply, event);
  }

  /**
   * An event at an offset, with its payload as the wire has it, as the server folds it; `true` if it has changed the
   * state. What the state has in it already, and events that have no offset, change nothing. Throws what `apply` throws,
   * and then can be gone on from no more.
   */
  apply(event: string, payload: unknown, offset: number | null): boolean {
    if (this.#offset === null || offset === null || offset <= this.#offset) return false;
    const before = this.#state;
    try {
      this.#state = applyTo(this.#definition, before, event, payload);
      this.#offset = offset;
      return this.#state !== before;
    } catch (error) {
      this.clear();
      throw error;
    }
  }
}
