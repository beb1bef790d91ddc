import type { Case } from "../case.ts";
import { player } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { FanoutOrder, Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { DELAYS, LOADS, RATE } from "./columns.ts";
import { AGAIN, BARE, BUN, SOCKET_IO } from "./names.ts";

const PER_SECOND = 20;
const WINDOW = "p99 of all deliveries";
const STOCK = "2.0.0 clients", BATCHES = "2.1.0 clients";

/** How late messages are at a rate that leaves the server time to spare. */
export function steadyCases({ divisor, warmUpMs, turns, steadyMs }: Effort, { bun, node }: Peers): Case[] {
  const connections = 1_000 / divisor;
  const task = (wire: WireSpec): Task<FanoutOrder> => ({
    kind: "fanout",
    connections,
    paces: [{ perSecond: PER_SECOND }],
    payloadBytes: 128,
    warmUpMs,
    durationMs: steadyMs,
    wire,
  });
  const raw = task({ kind: "raw", path: "/all" });
  const ours = (vsn: string): Task<FanoutOrder> => task({ kind: "phoenix", vsn, topic: "plain:1" });
  return [{
    part: "steady",
    title: `Latency at ${PER_SECOND} publications a second to ${connections.toLocaleString("en")}, 128 B`,
    windows: [WINDOW],
    contenders: {
      turns,
      all: [
        player(BARE, "bare", raw),
        player(AGAIN, "bare", raw),
        player(STOCK, "troupe", ours("2.0.0")),
        player(BATCHES, "troupe", ours("2.1.0")),
        ...(bun === null ? [] : [player(BUN, { bun }, raw)]),
        ...(node === null
          ? []
          : [player(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" }))]),
      ],
    },
    columns: [...DELAYS.map((column) => ({ ...column, spread: true })), RATE[1], ...LOADS],
    counts: "p99Ms",
    by: "ratio",
    bases: [{ name: BARE, head: "× bare" }],
    targets: [STOCK, BATCHES].map((contender) => ({ window: WINDOW, contender, to: BARE, most: 1.1 })),
  }];
}
