/**
 * What tests need: a virtual clock, a seeded scheduler, actors that remember what they were told.
 *
 * @module
 */

export { Kit, type KitOptions } from "./kit.ts";
export { ManualTurns } from "./manual_turns.ts";
export { ProbeActor } from "./probe_actor.ts";
export { VirtualClock } from "./virtual_clock.ts";
export { seededRandom } from "../base/random.ts";
