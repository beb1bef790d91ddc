/**
 * The server of `deno task soak`: topics with and without a history, which is kept by SQLite. Its first argument is an
 * order as JSON; it writes how it is as JSON, a line each.
 *
 * @module
 */

import { App, dropOldest, keepAll } from "../mod.ts";
import { sqliteLog } from "../src/stores/sqlite.ts";
import {
  CLOSE_MS,
  GRACE_MS,
  HALL_EVERY_MS,
  halls,
  IDLE_MS,
  KINDS,
  MAX_WAITING,
  OUTBOX_BYTES,
  REPLAY_BYTES,
  SESSION_PATH,
  TRANSPORT_BYTES,
} from "./plan.ts";

/**
 * A fault of this program's own, so that it can be seen that the soak finds it:
 *
 * - `forget`: of some messages the sender is told that they are stored, and they are not
 * - `skip`: some publications do not reach one of their members
 * - `double`: some messages take effect twice
 * - `leak`: each message leaves some memory behind
 * - `handles`: some messages leave an open file behind
 */
export type Fault = "forget" | "skip" | "double" | "leak" | "handles";

/** What it is to do. */
export interface ServerOrder {
  /** 0: any. */
  readonly port: number;
  readonly file: string;
  readonly connections: number;
  /** Over how long it closes its connections when it is told to end, in milliseconds. */
  readonly drainMs: number;
  readonly fault?: Fault;
}

/** How it is. */
export interface ServerState {
  readonly port: number;
  /** What of V8's heap is in use, in KiB, without garbage. */
  readonly heapKib: number;
  /** How late its event loop is, in milliseconds. */
  readonly lagMs: number;
  readonly gauges: Readonly<Record<string, number>>;
  readonly counters: Readonly<Record<string, number>>;
}

/** Between two states, in milliseconds; where garbage is slow to collect, so many times that. */
const STATE_EVERY_MS = 1_000, COLLECTIONS_APART = 8;
const MANY = 1_000_000;
/** One in so many messages goes wrong, where something is to go wrong. */
const WRONG_IN = 20;
/** One in so many messages is answered later, in milliseconds. */
const LATER_IN = 5, LATER_MS = 300;
const LEAKED_BYTES = 65_536;

const order = JSON.parse(Deno.args[0]) as ServerOrder;
const { fault } = order;
const leaked: unknown[] = [];
let messages = 0;

const app = new App({
  authenticate: ({ params }) => ({ id: params.user }),
  log: sqliteLog({ path: order.file }),
  limits: {
    // All come from one address, and a machine that others use is no overload.
    ...{ upgradesPerSecond: MANY, upgradeBurst: MANY, maxConnectionsPerAddress: MANY, maxLagMs: 60_000 },
    ...{ transportBytes: TRANSPORT_BYTES, outboxBytes: OUTBOX_BYTES, maxReplayBytes: REPLAY_BYTES },
    ...{ idleMs: IDLE_MS, closeTimeoutMs: CLOSE_MS, openTimeoutMs: 30_000, topicIdleMs: 1_000 },
  },
}).socket(SESSION_PATH, { limits: { graceMs: GRACE_MS } });

for (const { name, history, slow } of KINDS) {
  app.topic(`${name}:{number}`, {
    history: { size: history, ttlMs: 86_400_000 },
    slow: slow === "keep_all" ? keepAll() : dropOldest({ max: MAX_WAITING }),
    on: {
      look: () => ({}),
      say(ctx, payload) {
        const isWrong = ++messages % WRONG_IN === 0;
        if (fault === "leak") leaked.push(new Array(LEAKED_BYTES / 8).fill(messages));
        if (fault === "handles" && isWrong) leaked.push(Deno.openSync("/dev/null"));
        if (fault === "forget" && isWrong) return {};
        ctx.broadcast("said", payload);
        if (fault === "double" && isWrong) ctx.broadcast("said", payload);
        if (messages % LATER_IN > 0) return {};
        const reply = ctx.defer();
        setTimeout(() => reply.ok(), LATER_MS);
      },
    },
    ...(fault === "skip" &&
      { outgoing: { said: (_ctx: unknown, payload: unknown) => isSkipped() ? undefined : payload } }),
  });
}
app.topic("hall:{number}", { slow: dropOldest({ max: MAX_WAITING }) });

function isSkipped(): boolean {
  return ++messages % (WRONG_IN * 50) === 0;
}

const life = crypto.randomUUID();
let rung = 0;
const ring = setInterval(() => {
  rung++;
  for (const hall of halls(order.connections)) app.broadcast(hall, "rung", { life, n: rung });
}, HALL_EVERY_MS);

const server = await listen();
let tell: ReturnType<typeof setTimeout> | undefined;
state();
await server.finished;
clearInterval(ring);
clearTimeout(tell);

/** A killed server's port is free at once; but somebody else may have got it for a moment. */
async function listen(): Promise<ReturnType<App["listen"]>> {
  for (let attempt = 1;; attempt++) {
    try {
      return app.listen({ port: order.port, drainMs: order.drainMs, deadlineMs: 5_000 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function state(): void {
  const startMs = performance.now();
  (globalThis as { gc?: () => void }).gc?.(); // what is left is what is used
  const tookMs = performance.now() - startMs;
  const now: ServerState = {
    port: server.port,
    heapKib: Math.round(Deno.memoryUsage().heapUsed / 1_024),
    lagMs: Math.round(app.loopLag.lagMs),
    gauges: { ...app.gauges },
    counters: app.system.counters.snapshot(),
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(now)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  tell = setTimeout(state, Math.max(STATE_EVERY_MS, tookMs * COLLECTIONS_APART));
}
