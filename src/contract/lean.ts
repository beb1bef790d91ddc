/**
 * Contracts for pages that count bytes: `defineTopic` without the checks of what it is given, which the server does, when
 * `app.topic` gets the contract. The rest is as in `@troupe/core/contract`.
 *
 * @module
 */

import type { LeanContract, Strict, TopicDefinition } from "./definition.ts";
import type { Schema } from "./schema.ts";
import type { ServerSchemas, TypedState } from "./state.ts";
import { TopicNames } from "./topic_names.ts";

export { bytes } from "./schema.ts";
export type * from "./mod.ts";

/**
 * The same as `defineTopic` of `@troupe/core/contract`, with the same types, except that it checks and copies nothing: what
 * is wrong with it, and gets past the compiler, `app.topic` refuses. The definition MUST NOT be changed later.
 *
 * @param pattern Which topics: `"room:lobby"`, `"room:{id}"`, `"room:*"`.
 * @param definition The join, the client's events, the server's, its requests, a state, and presence, each optional.
 * @returns A contract.
 *
 * @example
 * ```ts
 * import { defineTopic } from "@troupe/core/contract/lean";
 * import * as z from "zod/mini";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", { server: { said: z.object({ text: z.string() }) } });
 * assertEquals(Room.pattern.fill({ id: "7" }), "room:7");
 * ```
 */
export function defineTopic<
  const Pattern extends string,
  const Definition extends TopicDefinition,
  const Server extends ServerSchemas,
  State extends Schema,
>(
  pattern: Pattern,
  definition: Definition & Strict<Definition> & TypedState<Server, State>,
): LeanContract<Pattern, Definition> {
  return Object.freeze({ pattern: new TopicNames(pattern), definition });
}
