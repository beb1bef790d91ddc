import type { Case, Contender, Curve } from "../case.ts";
import { contest } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { PopulationOrder, Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import { BARE } from "./names.ts";

/** More and more topics, and so on: what one operation costs. Who grows with them is at most linear. */
export function growthCases(effort: Effort): Case[] {
  const sizes = (most: number): number[] =>
    [10, 100, 1_000, 10_000, 100_000].filter((size) => size <= most / effort.divisor);
  return [
    populationCase("topics", sizes(100_000), effort, 0.25),
    populationCase("patterns", sizes(10_000), effort, 0.25),
    subscribersCase(sizes(10_000), effort),
  ];
}

/** What is published somewhere, or joined, must hardly notice what else is there: `most` says how little. */
function populationCase(
  grows: PopulationOrder["grows"],
  sizes: readonly number[],
  { divisor }: Effort,
  most: number,
): Case {
  const operations = 2_000 / divisor;
  const task: Task = { kind: "population", grows, sizes, operations, connections: 50 };
  return growthCase(`More ${grows}`, sizes, [contest(grows, "growth", task)], [
    { name: `publication, by ${grows}`, contender: grows, figure: "cpuMicros", most },
    { name: `leave and join, by ${grows}`, contender: grows, figure: "joinMicros", most },
  ]);
}

function subscribersCase(sizes: readonly number[], { warmUpMs, durationMs }: Effort): Case {
  const task = (wire: WireSpec): Task => ({
    kind: "subscribers",
    sizes,
    warmUpMs: warmUpMs / 5,
    durationMs,
    wire,
  });
  const names = ["subscribers", `subscribers, ${BARE}`];
  const contenders = [
    contest(names[0], "troupe", task({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" })),
    contest(names[1], "bare", task({ kind: "raw", path: "/all" })),
  ];
  const curves = names.map((name): Curve => ({
    name: `publication, by ${name}`,
    contender: name,
    figure: "cpuMicros",
    most: name === names[1] ? Infinity : 1,
  }));
  return growthCase("More subscribers", sizes, contenders, curves);
}

function growthCase(
  title: string,
  sizes: readonly number[],
  contenders: readonly Contender[],
  curves: readonly Curve[],
): Case {
  return {
    part: "growth",
    title,
    windows: sizes.map(String),
    contenders,
    columns: [],
    counts: "cpuMicros",
    by: "ratio",
    bases: [],
    targets: [],
    curves,
  };
}
