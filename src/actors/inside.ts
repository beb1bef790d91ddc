/**
 * What the engine's own layers may do with an address beyond `tell` and `ask`. Not part of any entry point.
 *
 * @module
 */

import type { Behavior, SpawnOptions } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Watcher } from "./death_watch.ts";
import { type Ref, target } from "./ref.ts";

export { offer } from "./ref.ts";
export type { Watcher } from "./death_watch.ts";

/** Starts a child of `parent`, from outside of it. Throws `actor_stopped` if it is stopping. */
export function spawnUnder<M, A>(
  parent: Ref<never>,
  behavior: Behavior<M, A>,
  options?: SpawnOptions<A>,
): Ref<M> {
  return (target(parent) as Cell).spawnChild(behavior, options);
}

/** Asks an actor to stop after the message that it is at. */
export function requestStop(ref: Ref<never>): void {
  (target(ref) as Cell).requestStop();
}

/** Cuts an actor and all below it off, at once and without stop hooks. */
export function cutOff(ref: Ref<never>): void {
  (target(ref) as Cell).abort();
}

/** How many messages the actor has not handled yet. */
export function waitingFor(ref: Ref<never>): number {
  return (target(ref) as Cell).waiting;
}

/** Tells `watcher` when the actor has ended for good; at once if it has already. */
export function watchFrom(ref: Ref<never>, watcher: Watcher): void {
  (target(ref) as Cell).addWatcher(watcher);
}

/** Takes {@link watchFrom} back. */
export function unwatchFrom(ref: Ref<never>, watcher: Watcher): void {
  (target(ref) as Cell).removeWatcher(watcher);
}
