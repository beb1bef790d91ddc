import { assert, assertEquals } from "@std/assert";
import { shrink, simulate, type Simulated, type SimulationOptions } from "../../src/testing/simulator.ts";

const isLong = Deno.env.get("TROUPE_LONG") === "1";

Deno.test("Simulation: in every world all is as it is promised", async () => {
  const failures: string[] = [];
  for (let seed = 1; seed <= (isLong ? 1_000 : 40); seed++) {
    const { violation } = await simulate(seed);
    if (violation !== null) failures.push(`deno task sim --seed ${seed}: ${violation}`);
  }
  assertEquals(failures, []);
});

Deno.test("Simulation: what waits while a topic ends that is being stored is not stored, and that is no fault", async () => {
  const { violation } = await simulate(12_238, { steps: [2, 5, 8, 10], clients: 4 });
  assertEquals(violation, null);
});

Deno.test("Simulation: behind what a connection has lost, nothing of it comes any more, also when it is cut", async () => {
  const { violation } = await simulate(20_661, { steps: [1, 4, 24, 63], clients: 2 });
  assertEquals(violation, null);
});

Deno.test("Simulation: an answer that was on its way when the server ended may come in its next life", async () => {
  const { violation } = await simulate(41_369, { steps: [10, 12, 18, 29], clients: 4 });
  assertEquals(violation, null);
});

Deno.test("Simulation: a secret that was used is good once more, though a topic that is away has been left", async () => {
  const { violation } = await simulate(41_072, { steps: [0, 1, 4], clients: 2 });
  assertEquals(violation, null);
});

Deno.test("Simulation: a transaction whose topic ended while it was stored may come again", async () => {
  const { violation } = await simulate(62_965, { steps: [13, 16, 23, 30, 32, 41], clients: 2 });
  assertEquals(violation, null);
});

Deno.test("Simulation: the same seed gives the same trace, byte for byte", async () => {
  for (let seed = 1; seed <= (isLong ? 100 : 12); seed++) {
    const [once, again] = [await simulate(seed), await simulate(seed)];
    assert(once.trace.length > 20);
    assertEquals(once.trace.join("\n"), again.trace.join("\n"));
    assertEquals(once.events, again.events);
  }
});

Deno.test("Simulation: another seed gives another trace", async () => {
  const [one, other] = [await simulate(1), await simulate(2)];
  assert(one.trace.join("\n") !== other.trace.join("\n"));
});

Deno.test("Simulation: what it takes of the platform it gives back", async () => {
  const names = ["setTimeout", "clearTimeout", "fetch", "WebSocket", "sessionStorage"] as const;
  const globals = (): unknown[] => [
    ...names.map((name) => globalThis[name]),
    Date.now,
    Math.random,
    performance.now,
    Deno.upgradeWebSocket,
  ];
  const before = globals();
  await simulate(3);
  assertEquals(globals().map((each, i) => each === before[i]), before.map(() => true));
});

Deno.test("Simulation: the steps and the clients of a seed can be asked for alone", async () => {
  const { schedule } = await simulate(5, { steps: [2, 3], clients: 1 });
  assertEquals([schedule.steps.map(({ index }) => index), schedule.clients.length], [[2, 3], 1]);
});

Deno.test("Simulation: what fails is shrunk to what it needs", async () => {
  const drawn = await simulate(7);
  const needed = [drawn.schedule.steps[4].index, drawn.schedule.steps[11].index];
  let runs = 0;
  const pretend = (seed: number, options: SimulationOptions): Promise<Simulated> => {
    runs++;
    const { steps = [], clients = 0 } = options;
    const left = drawn.schedule.steps.filter(({ index }) => steps.includes(index));
    const isBroken = needed.every((index) => steps.includes(index)) && clients >= 2;
    const schedule = { ...drawn.schedule, steps: left, clients: drawn.schedule.clients.slice(0, clients) };
    return Promise.resolve({ ...drawn, seed, schedule, violation: isBroken ? `no gap: ${runs}` : null });
  };
  const shrunk = await shrink(pretend, { ...drawn, violation: "no gap: at first" });
  assertEquals(shrunk.schedule.steps.map(({ index }) => index), needed);
  assertEquals(shrunk.schedule.clients.length, Math.min(2, drawn.schedule.clients.length));
  assert(runs < 200);
});
