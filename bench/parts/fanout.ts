import type { Case, Contender, Target } from "../case.ts";
import { contest } from "../contest.ts";
import type { Effort } from "../effort.ts";
import type { Task } from "../load/order.ts";
import type { WireSpec } from "../load/wire.ts";
import type { Peers } from "../peers.ts";
import { LOADS, RATE } from "./columns.ts";
import { AGAIN, BARE, BASES, BUN, SOCKET_IO, WS } from "./names.ts";

const IN_FLIGHT = [1, 8, 64];
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
      contenders: contenders(connections, size === MIDDLE, effort, peers),
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

function contenders(
  connections: number,
  isMiddle: boolean,
  { warmUpMs, durationMs }: Effort,
  { bun, node }: Peers,
): Contender[] {
  const task = (wire: WireSpec): Task => (
    {
      kind: "fanout",
      connections,
      inFlight: IN_FLIGHT,
      payloadBytes: 128,
      warmUpMs,
      durationMs,
      wire,
    }
  );
  const raw = task({ kind: "raw", path: "/all" });
  const stock = task({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" });
  const batches = task({ kind: "phoenix", vsn: "2.1.0", topic: "plain:1" });
  return [
    contest(BARE, "bare", raw),
    ...(isMiddle ? [contest(AGAIN, "bare", raw)] : []),
    contest(STOCK, "troupe", stock),
    contest(BATCHES, "troupe", batches),
    contest(WS_STOCK, "ws", stock),
    contest("2.1.0 clients, transport ws", "ws", batches),
    ...(bun === null ? [] : [contest(BUN, { bun }, raw)]),
    ...(node === null ? [] : [
      ...(isMiddle ? [contest(WS, { node, file: "ws" }, raw)] : []),
      contest(SOCKET_IO, { node, file: "socket_io" }, task({ kind: "socket.io" })),
    ]),
  ];
}

function targets(inFlight: number, size: number): Target[] {
  const window = nameOf(inFlight);
  const all: Target[] = [{ window, contender: STOCK, to: BARE, least: 0.95 }];
  if (inFlight === 1) return all;
  const isMany = inFlight === 64;
  all.push({ window, contender: BATCHES, to: BUN, least: isMany ? 0.9 : 0.7 });
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
