import type { Case } from "../case.ts";
import { contest } from "../contest.ts";
import type { Effort } from "../effort.ts";
import { joinMessage } from "../load/words.ts";
import type { Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { BARE, BUN, SOCKET_IO, WS } from "./names.ts";

/**
 * Garbage collection on demand, and a young generation that has its full size from the start. V8 lets it grow in steps to
 * three times these 16 MiB, sooner or later; a step that falls into the run of one contender and not of the other would
 * count for more than its connections.
 */
const FLAGS = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];
const WINDOW = "above bare";
const CHANNEL = "channel";

/** What a connection costs that says nothing. */
export function memoryCases({ divisor, settleMs }: Effort, { bun, node }: Peers): Case[] {
  const connections = 8_000 / divisor;
  const warmUp = connections / 8;
  const task = (wire: WireSpec): Task => ({ kind: "idle", connections, warmUp, settleMs, wire });
  const raw = task({ kind: "raw", path: "/echo" });
  const sentBack = task({ kind: "raw", path: "/echo", hello: joinMessage("plain:1") });
  const channel = task({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" });
  return [{
    part: "memory",
    title: `Memory of ${connections.toLocaleString("en")} idle connections, beside ${
      warmUp.toLocaleString("en")
    } that were there before`,
    windows: [WINDOW],
    contenders: [
      contest(BARE, "bare", raw, FLAGS),
      contest("bare Deno, one message sent back", "bare", sentBack, FLAGS),
      contest(CHANNEL, "troupe", channel, FLAGS),
      contest("channel, transport ws", "ws", channel, FLAGS),
      ...(bun === null ? [] : [contest(BUN, { bun }, raw)]),
      ...(node === null ? [] : [
        contest(WS, { node, file: "ws" }, raw, FLAGS),
        contest(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" }), FLAGS),
      ]),
    ],
    columns: [
      { figure: "settledKib", head: "KiB each", digits: 2, spread: true },
      { figure: "collectedKib", head: "after a forced GC", digits: 2, spread: true },
    ],
    counts: "settledKib",
    by: "difference",
    bases: [{ name: BARE, head: "above bare" }],
    targets: [{ window: WINDOW, contender: CHANNEL, to: BARE, most: 5, unit: "KiB" }],
  }];
}
