import type { Case } from "../case.ts";
import { contest } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { Task } from "../load/order.ts";

const WINDOW = "all joined, one publication reaches all";

/** Very many connections at a time. */
export function heldCases({ divisor }: Effort): Case[] {
  const connections = 19_000 / divisor;
  const task: Task = {
    kind: "held",
    connections,
    wire: { kind: "phoenix", vsn: "2.0.0", topic: "plain:1" },
  };
  const names = ["channel", "channel, transport ws"];
  return [{
    part: "held",
    title: `${connections.toLocaleString("en")} connections held, one round`,
    windows: [WINDOW],
    contenders: [contest(names[0], "troupe", task), contest(names[1], "ws", task)],
    rounds: 1,
    columns: [
      { figure: "reached", head: "reached", digits: 0 },
      { figure: "perSecond", head: "joins/s", digits: 0 },
      { figure: "serverMib", head: "server MiB", digits: 0 },
      { figure: "reachMs", head: "ms to reach all", digits: 0 },
    ],
    counts: "reached",
    by: "ratio",
    bases: [],
    targets: names.map((contender) => ({
      window: WINDOW,
      contender,
      to: null,
      least: connections,
      unit: "reached",
    })),
  }];
}
