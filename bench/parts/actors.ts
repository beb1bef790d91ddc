import { type CaseName, CASES, type SystemName, SYSTEMS } from "../actors/case.ts";
import type { Case, Contender, Target } from "../case.ts";
import type { Effort } from "../effort.ts";
import type { Figure } from "../figures.ts";
import { runFile } from "../processes.ts";

/** Messages of the throughput programs, and spawns: so many that each run takes long enough to be measured. */
const AMOUNTS: Readonly<Record<SystemName, { messages: number; spawns: number }>> = {
  "bare": { messages: 2_000_000, spawns: 100_000 },
  "troupe": { messages: 2_000_000, spawns: 100_000 },
  "troupe (again)": { messages: 2_000_000, spawns: 100_000 },
  "xstate": { messages: 300_000, spawns: 25_000 },
  "nact": { messages: 20_000, spawns: 10_000 },
};
const IDLE = 100_000;
const UNIT: Readonly<Record<CaseName, string>> = {
  "ping-pong": "M messages/s",
  "fan-in": "M messages/s",
  "10,000 actors": "M messages/s",
  "spawn": "M spawns/s",
  "heap": "B an idle actor",
};
const TARGETS: Readonly<Record<CaseName, readonly Omit<Target, "window" | "contender">[]>> = {
  "ping-pong": [{ to: "bare", least: 0.4 }, { to: "xstate", least: 3 }, { to: "nact", least: 30 }],
  "fan-in": [{ to: "bare", least: 0.4 }],
  "10,000 actors": [{ to: "bare", least: 0.4 }],
  "spawn": [{ to: null, least: 500_000, unit: "a second" }],
  "heap": [{ to: null, most: 300, unit: "B" }],
};

/** The actor kernel, without a network. */
export function actorsCases({ divisor }: Effort): Case[] {
  return CASES.map((name) => {
    const figure: Figure = name === "heap" ? "heapBytes" : "perSecond";
    return {
      part: "actors",
      title: `Actors: ${name}`,
      windows: [UNIT[name]],
      contenders: SYSTEMS.map((system) => contender(system, name, figure, divisor)),
      columns: [{
        figure,
        head: UNIT[name],
        digits: name === "heap" ? 0 : 3,
        per: name === "heap" ? 1 : 1e6,
        spread: true,
      }],
      counts: figure,
      by: "ratio",
      bases: ["bare", "troupe (again)", "xstate", "nact"].map((base) => ({ name: base, head: `× ${base}` })),
      targets: TARGETS[name].map((target) => ({ ...target, window: UNIT[name], contender: "troupe" })),
    };
  });
}

/** Each program on each system has a fresh process: no system pays for what another has taught the compiler. */
function contender(system: SystemName, name: CaseName, figure: Figure, divisor: number): Contender {
  const { messages, spawns } = AMOUNTS[system];
  const amount = name === "heap" ? IDLE : name === "spawn" ? spawns : messages;
  return {
    name: system,
    async run() {
      const args = [system, name, String(amount / divisor)];
      return [{ [figure]: Number(await runFile("./actors/measure.ts", args, ["--expose-gc"])) }];
    },
  };
}
