import type { Order } from "./load/order.ts";
import type { ServerName } from "./processes.ts";

/** How much is measured. */
export interface Effort {
  /** How often every contender runs, alternating with the others. */
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly settleMs: number;
  /** Divides the number of connections. */
  readonly divisor: number;
}

/** What figures are worth showing to others. */
export const FULL: Effort = { rounds: 5, warmUpMs: 1_000, durationMs: 2_000, settleMs: 3_000, divisor: 1 };
/** Does it all still work? Fewer cases, fewer connections, and figures that mean nothing. */
export const QUICK: Effort = { rounds: 1, warmUpMs: 20, durationMs: 50, settleMs: 20, divisor: 50 };

/** What the load is asked to do, but for the server's address. */
export type Task = Order extends infer O ? O extends Order ? Omit<O, "port" | "serverPid"> : never : never;

/** Something that is compared with the others of its case. */
export interface Contender {
  readonly name: string;
  readonly server: ServerName;
  readonly task: Task;
  /** What it must reach, compared with the first of the case: a ratio of rates, or KiB above it. `null`: reported only. */
  readonly target: number | null;
}

/** The parts of the whole, for `--only`. */
export const PARTS = ["echo", "fanout", "memory"] as const;

/** One of them. */
export type Part = typeof PARTS[number];

/** Contenders that do the same, the one that the others are compared with first. */
export interface Case {
  readonly part: Part;
  readonly name: string;
  readonly contenders: readonly Contender[];
}

const AGAIN = "the same once more (noise floor)";
const V2 = "/socket/websocket?vsn=2.0.0";
const V2_1 = "/socket/websocket?vsn=2.1.0";

/** All cases. */
export function cases(effort: Effort): Case[] {
  const { divisor } = effort;
  return [
    echoCase(effort, 100 / Math.min(divisor, 10), 1),
    echoCase(effort, 100 / Math.min(divisor, 10), 16),
    ...(divisor > 1 ? [1_000] : [100, 1_000, 5_000]).flatMap((subscribers) =>
      [1, 8].map((inFlight) => fanoutCase(effort, subscribers / divisor, inFlight))
    ),
    fanoutCase(effort, 1_000 / divisor, 64),
    memoryCase(effort, 10_000 / divisor),
  ];
}

function echoCase(effort: Effort, connections: number, inFlight: number): Case {
  const { warmUpMs, durationMs } = effort;
  const task = (path: string, topic: string | null): Task => (
    { kind: "echo", connections, inFlight, payloadBytes: 64, warmUpMs, durationMs, path, topic }
  );
  const bare = { server: "bare", task: task("/echo", null), target: null } as const;
  return {
    part: "echo",
    name: `echo, ${connections} connections, ${inFlight} in flight, 64 B`,
    contenders: [
      { ...bare, name: "bare WebSocket" },
      { ...bare, name: AGAIN },
      { name: "component", server: "troupe", task: task("/echo", null), target: 0.9 },
      { name: "channel", server: "troupe", task: task(V2, "plain:1"), target: 0.55 },
      { name: "channel with a zod contract", server: "troupe", task: task(V2, "checked:1"), target: null },
    ],
  };
}

function fanoutCase(effort: Effort, connections: number, inFlight: number): Case {
  const { warmUpMs, durationMs, divisor } = effort;
  const task = (path: string, topic: string | null): Task => ({
    kind: "fanout",
    connections,
    inFlight,
    payloadBytes: 128,
    warmUpMs,
    durationMs,
    path,
    topic,
    verbatim: topic === null,
  });
  const bare = { server: "bare", task: task("/all", null), target: null } as const;
  const contenders: Contender[] = [{ ...bare, name: "bare loop over sockets" }];
  const batches = connections * divisor === 1_000 && inFlight > 1;
  if (batches && inFlight === 8) contenders.push({ ...bare, name: AGAIN });
  if (inFlight <= 8) {
    contenders.push({ name: "2.0.0 clients", server: "troupe", task: task(V2, "plain:1"), target: 0.9 });
  }
  if (batches) {
    const target = inFlight === 8 ? 5 : 15;
    contenders.push({ name: "2.1.0 clients", server: "troupe", task: task(V2_1, "plain:1"), target });
  }
  return {
    part: "fanout",
    name: `fan-out to ${connections.toLocaleString("en")}, ${inFlight} in flight, 128 B`,
    contenders,
  };
}

function memoryCase(effort: Effort, connections: number): Case {
  const { settleMs } = effort;
  const task = (path: string, topic: string | null): Task => (
    { kind: "idle", connections, settleMs, path, topic }
  );
  return {
    part: "memory",
    name: `memory, ${connections.toLocaleString("en")} idle connections`,
    contenders: [
      { name: "bare WebSocket", server: "bare", task: task("/echo", null), target: null },
      { name: "bare, one message sent back", server: "bare", task: task("/echo", "plain:1"), target: null },
      { name: "component", server: "troupe", task: task("/echo", null), target: null },
      { name: "channel", server: "troupe", task: task(V2, "plain:1"), target: 6 },
    ],
  };
}
