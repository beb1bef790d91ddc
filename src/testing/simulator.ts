/**
 * Deterministic simulation: one seed fixes a whole world, in which the engine and the clients live through whatever goes
 * wrong, and in which everything that they promise is checked. `deno task sim` runs it.
 *
 * @module
 */

export { shrink } from "./sim/shrink.ts";
export { simulate, type Simulated, type SimulationOptions } from "./sim/simulate.ts";
