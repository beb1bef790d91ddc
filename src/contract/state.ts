/**
 * The state of a topic: what its publications come to, one after the other. The same pure functions run on the server and
 * on the client.
 *
 * @module
 */

import type { InferInput, InferOutput, Schema } from "./schema.ts";

/** What folds one event into the state. */
export type Apply = (state: unknown, payload: unknown) => unknown;

/** The state of a contract, whatever its types. */
export interface StateDefinition {
  /** What a state is. */
  readonly schema: Schema;
  /** The state before the first publication. */
  readonly initial: unknown;
  /**
   * What each event of the server does to the state, by its name: an {@link Apply}, which gives the next one, and MUST NOT
   * change the one that it is given. Pure and synchronous. Events without one leave the state as it is.
   */
  readonly apply: object;
}

/** The events of the server, by name. */
export type ServerSchemas = Readonly<Record<string, Schema>>;

/** Types a {@link StateDefinition} by the schemas beside it. */
export interface TypedState<Server extends ServerSchemas, State extends Schema> {
  /** What the server may send, by event. */
  readonly server?: Server;
  /** The topic's state. */
  readonly state?: {
    /** What a state is. */
    readonly schema: State;
    /** The state before the first publication. */
    readonly initial: NoInfer<InferInput<State>>;
    /** What each event does to it. */
    readonly apply: {
      readonly [Event in keyof Server]?: (
        state: InferOutput<State>,
        payload: InferOutput<Server[Event]>,
      ) => InferInput<State>;
    };
  };
}

/**
 * The state after one more publication. `payload` is what the wire says: JSON, or bytes. Throws what `apply` throws, and a
 * `TypeError` if that gives a promise or nothing.
 *
 * @example
 * ```ts
 * import { applyTo, defineTopic } from "@troupe/core/contract";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Counter = defineTopic("counter:{id}", {
 *   server: { added: z.object({ by: z.number() }) },
 *   state: { schema: z.number(), initial: 0, apply: { added: (sum, { by }) => sum + by } },
 * });
 * const { state } = Counter.definition;
 * assertEquals(applyTo(state, state.initial, "added", { by: 2 }), 2);
 * ```
 */
export function applyTo(
  { apply }: StateDefinition,
  state: unknown,
  event: string,
  payload: unknown,
): unknown {
  if (!Object.hasOwn(apply, event)) return state;
  const next = (apply as Record<string, Apply>)[event](state, payload);
  if (next !== undefined && !(next instanceof Promise)) return next;
  throw new TypeError(
    `apply.${event} must give the next state; it gave ${next === undefined ? "undefined" : "a promise"}`,
  );
}
