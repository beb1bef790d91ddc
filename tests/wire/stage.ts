/**
 * A server of its own for each scenario.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { App, AppOptions } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { referenceApp } from "./reference_app.ts";
import { type Difference, replay, type Stage } from "./replay.ts";
import type { Scenario } from "./transcript.ts";

/**
 * Plays a scenario on a server of its own; one that is pipelined, twice: each message in a write of its own, and what
 * follows each other in one write. `makeApp` makes the app. Default: the reference app.
 */
export async function playAlone(
  scenario: Omit<Scenario, "id">,
  differences: readonly Difference[] = [],
  makeApp: (options: AppOptions) => App = referenceApp,
): Promise<void> {
  await playOnce(scenario, differences, makeApp, false);
  if (scenario.atOnce) await playOnce(scenario, differences, makeApp, true);
}

async function playOnce(
  scenario: Omit<Scenario, "id">,
  differences: readonly Difference[],
  makeApp: (options: AppOptions) => App,
  corked: boolean,
): Promise<void> {
  const timePasses = scenario.lines.some(({ kind }) => kind === "pass");
  const clock = timePasses ? new VirtualClock() : undefined;
  const app = makeApp(clock === undefined ? {} : { clock });
  const server = app.listen({ port: 0, signals: false });
  const stage: Stage = { port: server.port, clock, corked, settled: () => settled(app) };
  try {
    await replay(scenario, stage, differences);
  } finally {
    await server.close();
  }
}

/** Resolves when the app has nothing more to do. */
export async function settled(app: App): Promise<void> {
  do await new Promise<void>((resolve) => setImmediate(resolve)); while (!app.system.scheduler.idle);
}
