import type { Case, Player, Target } from "../case.ts";
import { player } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { FanoutOrder, Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { LOADS, RATE } from "./columns.ts";
import { AGAIN, BARE, BASES, BUN, SOCKET_IO, WS } from "./names.ts";

const IN_FLIGHT = [1, 8, 64];
const BARE_BATCHES = "bare Deno, batches";
const STOCK = "2.0.0 clients", BATCHES = "2.1.0 clients", WS_STOCK = "2.0.0 clients, transport ws";
/** Where all contenders are run, the A/A pair among them, and all targets hold. */
const MIDDLE = 1_000;

/** One client publishes, and all get it. */
export function fanoutCases(effort: Effort, peers: Peers): Case[] {
  const sizes = effort.allSizes ? [100, MIDDLE, 5_000] : [MIDDLE];
  return sizes.map((size): Case => {
    const connections = size / effort.divisor;
    return {
      part: "fanout",
      title: `Fan-out to ${connections.toLocaleString("en")}, 128 B`,
      windows: IN_FLIGHT.map(nameOf),
      contenders: { all: players(connections, size === MIDDLE, effort, peers), turns: effort.turns },
      columns: [
        ...RATE,
        ...LOADS,
        { figure: "messagesPerFrame", head: "a frame", digits: 1 },
      ],
      counts: "perSecond",
      by: "ratio",
      bases: BASES,
      targets: IN_FLIGHT.flatMap((inFlight) => targets(inFlight, size)),
    };
  });
}

function players(
  connections: number,
  isMiddle: boolean,
  { warmUpMs, turnMs }: Effort,
  { bun, node }: Peers,
): Player[] {
  const paces = IN_FLIGHT.map((inFlight) => ({ inFlight }));
  const task = (wire: WireSpec): Task<FanoutOrder> => (
    { kind: "fanout", connections, paces, payloadBytes: 128, warmUpMs, durationMs: turnMs, wire }
  );
  const raw = task({ kind: "raw", path: "/all" });
  const stock = task({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" });
  const batches = task({ kind: "phoenix", vsn: "2.1.0", topic: "plain:1" });
  return [
    player(BARE, "bare", raw),
    ...(isMiddle ? [player(AGAIN, "bare", raw)] : []),
    player(BARE_BATCHES, "batches", raw),
    player(STOCK, "troupe", stock),
    player(BATCHES, "troupe", batches),
    player(WS_STOCK, "ws", stock),
    player("2.1.0 clients, transport ws", "ws", batches),
    ...(bun === null ? [] : [player(BUN, { bun }, raw)]),
    ...(node === null ? [] : [
      ...(isMiddle ? [player(WS, { node, file: "ws" }, raw)] : []),
      player(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" })),
    ]),
  ];
}

function targets(inFlight: number, size: number): Target[] {
  const window = nameOf(inFlight);
  const all: Target[] = [{ window, contender: STOCK, to: BARE, least: 0.95 }];
  if (inFlight === 1) return all;
  const isMany = inFlight === 64;
  all.push(
    { window, contender: BATCHES, to: BUN, least: isMany ? 0.9 : 0.7 },
    { window, contender: BATCHES, to: BARE_BATCHES, least: 0.9 },
  );
  if (size !== MIDDLE) return all;
  return [
    ...all,
    { window, contender: BATCHES, to: BARE, least: isMany ? 15 : 5 },
    { window, contender: WS_STOCK, to: BUN, least: isMany ? 1.2 : 0.65 },
  ];
}

function nameOf(inFlight: number): string {
  return `${inFlight} in flight`;
}
