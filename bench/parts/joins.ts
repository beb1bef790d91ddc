import type { Case } from "../case.ts";
import { contest } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { LOADS, RATE } from "./columns.ts";
import { AGAIN, BARE, BASES, BUN, SOCKET_IO, WS } from "./names.ts";

const WINDOW = "64 under way";
const CHANNEL = "channel: handshake, join, reply";

/** How fast clients come in: each with a connection of its own. */
export function joinsCases({ divisor }: Effort, { bun, node }: Peers): Case[] {
  const connections = 5_000 / divisor;
  const task = (wire: WireSpec): Task => (
    { kind: "joins", connections, warmUp: 0.8 * connections, wire }
  );
  const raw = task({ kind: "raw", path: "/all" });
  const channel = task({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" });
  return [{
    part: "joins",
    title: `Joins of ${connections.toLocaleString("en")} clients`,
    windows: [WINDOW],
    contenders: [
      contest(BARE, "bare", raw),
      contest(AGAIN, "bare", raw),
      contest("component: handshake", "troupe", task({ kind: "raw", path: "/echo" })),
      contest(CHANNEL, "troupe", channel),
      contest("channel, transport ws", "ws", channel),
      ...(bun === null ? [] : [contest(BUN, { bun }, raw)]),
      ...(node === null ? [] : [
        contest(WS, { node, file: "ws" }, raw),
        contest(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" })),
      ]),
    ],
    columns: [...RATE, ...LOADS],
    counts: "perSecond",
    by: "ratio",
    bases: BASES,
    targets: [{ window: WINDOW, contender: CHANNEL, to: BARE, least: 0.6 }],
  }];
}
