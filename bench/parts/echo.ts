import type { Case, Target } from "../case.ts";
import { player } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { EchoOrder, Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { DELAYS, LOADS, RATE } from "./columns.ts";
import { AGAIN, BARE, BASES, BUN, SOCKET_IO, WS } from "./names.ts";

const WINDOWS = [64, 1_024].flatMap((payloadBytes) =>
  [1, 16].map((inFlight) => ({ inFlight, payloadBytes }))
);
const CHANNEL = "channel", COMPONENT = "component";

/** A client gets back what it sends. */
export function echoCases({ divisor, warmUpMs, turns, turnMs }: Effort, { bun, node }: Peers): Case[] {
  const connections = 100 / Math.min(divisor, 10);
  const task = (wire: WireSpec): Task<EchoOrder> => (
    { kind: "echo", connections, windows: WINDOWS, warmUpMs, durationMs: turnMs, wire }
  );
  const raw = task({ kind: "raw", path: "/echo" });
  const channel = (topic: string): Task<EchoOrder> => task({ kind: "phoenix", vsn: "2.0.0", topic });
  return [{
    part: "echo",
    title: `Echo, ${connections} connections`,
    windows: WINDOWS.map(nameOf),
    contenders: {
      turns,
      all: [
        player(BARE, "bare", raw),
        player(AGAIN, "bare", raw),
        player(COMPONENT, "troupe", raw),
        player(CHANNEL, "troupe", channel("plain:1")),
        player("channel with a zod contract", "troupe", channel("checked:1")),
        player("component, transport ws", "ws", raw),
        player("channel, transport ws", "ws", channel("plain:1")),
        ...(bun === null ? [] : [player(BUN, { bun }, raw)]),
        ...(node === null ? [] : [
          player(WS, { node, file: "ws" }, raw),
          player(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" })),
        ]),
      ],
    },
    columns: [...RATE, ...LOADS, ...DELAYS],
    counts: "perSecond",
    by: "ratio",
    bases: BASES,
    targets: WINDOWS.flatMap((window): Target[] => [
      { window: nameOf(window), contender: COMPONENT, to: BARE, least: 0.9 },
      { window: nameOf(window), contender: CHANNEL, to: BARE, least: 0.55 },
      { window: nameOf(window), contender: CHANNEL, to: SOCKET_IO, least: window.inFlight === 1 ? 1.5 : 1.1 },
    ]),
  }];
}

function nameOf({ inFlight, payloadBytes }: typeof WINDOWS[number]): string {
  return `${inFlight} in flight, ${payloadBytes === 64 ? "64 B" : "1 KiB"}`;
}
