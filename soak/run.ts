import { type Random, seededRandom } from "../src/base/random.ts";
import type { LoadReport } from "./load.ts";
import { LoadProcess } from "./load_process.ts";
import { LEFT_BEHIND_KIB, Memory, RSS_OF_CONNECTION_KIB, RSS_OF_SERVER_KIB } from "./memory.ts";
import { CLOSE_MS, GRACE_MS } from "./plan.ts";
import type { Fault } from "./server.ts";
import { ServerProcess, type Sight } from "./server_process.ts";

/** What is asked for. */
export interface SoakOrder {
  readonly seconds: number;
  readonly connections: number;
  readonly seed: number;
  /** How long nothing may happen before those who wait for something are faults, in milliseconds. */
  readonly patienceMs: number;
  /** Which share of the time comes behind the last end of a server, for a look at memory. Default: 0.5. */
  readonly steadyShare?: number;
  readonly fault?: Fault;
}

/** One server's life. */
export interface Generation {
  readonly end: "killed" | "drained" | "left";
  readonly forMs: number;
  /** Clients that were in their topics at its end. */
  readonly ready: number;
  /** How late its event loop was at the most, in milliseconds. */
  readonly lagMs: number;
  /** How its memory went while all were there; `null`: that was not for long enough. */
  readonly memory: Memory | null;
}

/** What came of it. */
export interface SoakReport {
  readonly order: SoakOrder;
  readonly load: LoadReport;
  readonly generations: readonly Generation[];
  /** The last server, before anybody came and when all had gone. */
  readonly before: Sight;
  readonly after: Sight;
  /** What happened in all servers, as far as it was seen. */
  readonly counters: Readonly<Record<string, number>>;
  /** What is not as it was promised. */
  readonly faults: readonly string[];
  readonly faultCount: number;
}

/** Servers live up to so long, while they are ended; some as long behind the return of all clients. */
const LIFE_MS = 8_000;
const STEADY_SHARE = 0.5;
/** So many servers are ended at least, the first of them killed, however long clients take to come back. */
const MIN_ENDS = 2;
/** A look at memory of at least so long has to come to something, in milliseconds. */
const JUDGED_MS = 10_000;
/** One in so many is asked to end, instead of killed. */
const DRAIN_IN = 3;
const DRAIN_MS = 1_500;
/** That share of the clients in their topics is everybody: there are always some that come back just now. */
const ALL = 0.85;
/** Only a broken server is that slow, in milliseconds. */
const PATIENCE_MS = 180_000;
/** Counters that say that something went wrong in the server itself. */
const NEVER = [
  "scheduler.faults",
  "connections.crashed",
  "channels.crashed",
  "history.unread",
  "history.unstored",
];

/** Runs it once. `file`: where histories are kept; there is none yet. */
export async function soak(order: SoakOrder, file: string): Promise<SoakReport> {
  const run = new Run(order, file);
  try {
    return await run.finish();
  } finally {
    await run.end();
  }
}

class Run {
  readonly #order: SoakOrder;
  readonly #file: string;
  readonly #random: Random;
  readonly #generations: Generation[] = [];
  readonly #counters: Record<string, number> = {};
  readonly #faults: string[] = [];
  #server: ServerProcess;
  #load: LoadProcess | null = null;
  #startedMs = performance.now();
  #allInMs = Infinity;

  constructor(order: SoakOrder, file: string) {
    this.#order = order;
    this.#file = file;
    this.#random = seededRandom(order.seed);
    this.#server = this.#start(0);
  }

  async finish(): Promise<SoakReport> {
    const { connections, seed, patienceMs, seconds, steadyShare = STEADY_SHARE } = this.#order;
    await this.#server.look();
    const before = await this.#server.next();
    const { port } = before;
    const load = this.#load = new LoadProcess({ port, connections, seed, patienceMs });
    await this.#allIn(load);
    const endMs = performance.now() + seconds * 1_000;
    const steadyMs = seconds * 1_000 * steadyShare;
    const minEnds = steadyShare < 1 ? MIN_ENDS : 0;
    while (performance.now() < endMs - steadyMs || this.#generations.length < minEnds) {
      await delay(
        Math.min(LIFE_MS * (0.6 + this.#random.float() * 0.8), endMs - steadyMs - performance.now()),
      );
      await this.#replace(port, load);
    }
    await this.#allIn(load);
    await delay(steadyMs);
    let memory = this.#memory();
    // A busy machine is looked at less often.
    const latestMs = performance.now() + steadyMs * 2;
    while (memory === null && steadyMs >= JUDGED_MS && performance.now() < latestMs) {
      await this.#server.next();
      memory = this.#memory();
    }
    const report = await load.quiet();
    const { ready } = load;
    await load.leave();
    const after = await this.#atRest(before);
    this.#faults.push(...memory?.faults ?? []);
    if (memory === null && steadyMs >= JUDGED_MS) {
      this.#faults.push("memory could not be looked at often enough");
    }
    await this.#drain();
    this.#ended("left", ready, memory);
    for (const name of NEVER) {
      if (this.#counters[name] > 0) this.#faults.push(`${name} is ${this.#counters[name]}`);
    }
    return {
      ...{ order: this.#order, load: report, generations: this.#generations, before, after },
      counters: this.#counters,
      faults: [...report.faults, ...this.#faults],
      faultCount: report.faultCount + this.#faults.length,
    };
  }

  /** Ends what is still there. */
  async end(): Promise<void> {
    await this.#load?.end();
    await this.#server.kill();
  }

  #start(port: number): ServerProcess {
    const { connections, fault } = this.#order;
    this.#startedMs = performance.now();
    this.#allInMs = Infinity;
    return new ServerProcess({ port, file: this.#file, connections, drainMs: DRAIN_MS, fault });
  }

  async #allIn(load: LoadProcess): Promise<void> {
    const { connections } = this.#order;
    if (!await load.until(connections * ALL, PATIENCE_MS)) {
      this.#faults.push(`only ${load.ready} of ${connections} clients are in their topics`);
    }
    this.#allInMs = performance.now();
  }

  /** The server ends, and another one takes its place. */
  async #replace(port: number, load: LoadProcess): Promise<void> {
    const { ready } = load;
    const drains = this.#random.integer(DRAIN_IN) === 0 && this.#generations.length > 0;
    const memory = this.#memory();
    if (drains) await this.#drain();
    else await this.#server.kill();
    this.#ended(drains ? "drained" : "killed", ready, memory);
    this.#server = this.#start(port);
    await this.#server.look();
  }

  async #drain(): Promise<void> {
    const code = await this.#server.drain(PATIENCE_MS);
    if (code === null) this.#faults.push("the server does not end when it is asked to");
    else if (code !== 0) this.#faults.push(`the server ended with the code ${code}`);
  }

  #memory(): Memory | null {
    const nowMs = performance.now();
    if (this.#allInMs > nowMs) return null;
    return Memory.of(this.#server, this.#allInMs, nowMs);
  }

  #ended(end: Generation["end"], ready: number, memory: Memory | null): void {
    const { sights } = this.#server;
    const mostKib = Math.max(0, ...sights.map((sight) => sight.rssKib));
    const allowedKib = RSS_OF_SERVER_KIB + RSS_OF_CONNECTION_KIB * this.#order.connections;
    if (mostKib > allowedKib) this.#faults.push(`RSS comes to ${mostKib} KiB, and ${allowedKib} are allowed`);
    const lagMs = Math.max(0, ...sights.map((sight) => sight.lagMs));
    this.#generations.push({ end, ready, lagMs, memory, forMs: performance.now() - this.#startedMs });
    for (const [name, count] of Object.entries(sights.at(-1)?.counters ?? {})) {
      this.#counters[name] = (this.#counters[name] ?? 0) + count;
    }
  }

  /** All have gone: what they needed is given back, soon. */
  async #atRest(before: Sight): Promise<Sight> {
    const endMs = performance.now() + GRACE_MS + CLOSE_MS + this.#order.patienceMs;
    let after = await this.#server.next();
    while (leftOver(before, after).length > 0 && performance.now() < endMs) after = await this.#server.next();
    this.#faults.push(...leftOver(before, after));
    return after;
  }
}

/** What is not back where it was. */
function leftOver(before: Sight, after: Sight): string[] {
  const left = Object.entries(after.gauges)
    .filter(([name, value]) => value !== before.gauges[name])
    .map(([name, value]) => `${name}: ${before.gauges[name]} before, ${value} after all have left`);
  if (after.files > before.files) {
    left.push(`open files: ${before.files} before, ${after.files} after all have left`);
  }
  if (after.heapKib > before.heapKib + LEFT_BEHIND_KIB) {
    left.push(`the heap: ${before.heapKib} KiB before, ${after.heapKib} KiB after all have left`);
  }
  return left;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}
