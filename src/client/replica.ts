/**
 * A topic's state, as a client has it.
 *
 * @module
 */

import type { Schema } from "../contract/mod.ts";

/** The part of a contract that makes a state: its schema, and how each event of the server's changes it. */
export interface StateDefinition {
  /** What it looks like. */
  readonly schema: Schema;
  /** What it is before anything happened. */
  readonly initial: unknown;
  /** By event: the state behind it. Pure. */
  readonly apply: Readonly<Record<string, (state: never, payload: never) => unknown>>;
}

/** A state that follows a topic: a snapshot, and then the events that change it, each once. */
export class Replica {
  readonly #definition: StateDefinition;
  #state: unknown;
  #offset: number | null = null;

  /** There is no state yet. */
  constructor(definition: StateDefinition) {
    this.#definition = definition;
  }

  /** Whether there is a state. */
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

  /** There is no state any more. */
  clear(): void {
    this.#state = undefined;
    this.#offset = null;
  }

  /**
   * An event at an offset; `true` if it has changed the state. What the state has in it already, and events that have no
   * offset, change nothing. Throws what `apply` throws, and then has no state any more.
   */
  apply(event: string, payload: unknown, offset: number | null): boolean {
    if (this.#offset === null || offset === null || offset <= this.#offset) return false;
    const { apply } = this.#definition;
    if (Object.hasOwn(apply, event)) {
      try {
        const before = this.#state;
        this.#state = apply[event](before as never, payload as never);
        this.#offset = offset;
        return this.#state !== before;
      } catch (error) {
        this.clear();
        throw error;
      }
    }
    this.#offset = offset;
    return false;
  }
}

/** The state's definition in a contract; `null` if it has none. */
export function stateDefinition(definition: object): StateDefinition | null {
  return (definition as { readonly state?: StateDefinition }).state ?? null;
}
