import { cpuSeconds } from "../proc.ts";
import type { Connections } from "./connections.ts";
import { Latencies } from "./latencies.ts";
import type { Throughput } from "./order.ts";

/** How often a message is compared byte by byte. A prime, so that it meets all connections. */
const SAMPLE = 1_009;

/** What comes before a turn, in milliseconds: until then, the caches were somebody else's. */
export const LEAD_MS = 100;

/** How long to wait for the first message of a window, in milliseconds: a quick run on a busy machine may need it. */
const MAX_SILENCE_MS = 30_000;

/** Counts what was received, and measures how fast. */
export class Measure {
  /** Messages received since the start. */
  received = 0;
  /** Frames received since the start. */
  frames = 0;
  /** How long messages took. */
  readonly latencies: Latencies = new Latencies();
  readonly #serverPid: number;

  constructor(serverPid: number) {
    this.#serverPid = serverPid;
  }

  /** Counts one message. Whether it is one of the sample, to be compared byte by byte: the first is. */
  count(): boolean {
    return this.received++ % SAMPLE === 0;
  }

  /**
   * Lets `connections` run for `durationMs`, and tells how fast messages came. `each`: as of `Connections.runUntil`.
   * `finish`: lets what is in flight arrive; it counts, since a server works long on a large burst before the first of it
   * arrives.
   */
  during(
    durationMs: number,
    connections: Connections,
    each?: () => void,
    finish: () => void = () => {},
  ): Throughput {
    this.latencies.clear();
    const begin = this.#now();
    connections.runUntil(begin.ms + durationMs, each);
    while (this.received === begin.received && performance.now() < begin.ms + MAX_SILENCE_MS) {
      connections.runUntil(performance.now() + durationMs, each);
    }
    finish();
    const end = this.#now();
    const seconds = (end.ms - begin.ms) / 1_000;
    const received = end.received - begin.received;
    const server = end.server - begin.server;
    if (received === 0) throw new Error("Nothing was received");
    return {
      perSecond: received / seconds,
      cpuMicros: server / received * 1e6,
      serverLoad: server / seconds,
      ownLoad: (end.own - begin.own) / seconds,
      messagesPerFrame: received / (end.frames - begin.frames),
      ...(this.latencies.isEmpty ? {} : {
        p50Ms: this.latencies.quantileMs(0.5),
        p99Ms: this.latencies.quantileMs(0.99),
      }),
    };
  }

  #now(): { received: number; frames: number; ms: number; server: number; own: number } {
    return {
      received: this.received,
      frames: this.frames,
      ms: performance.now(),
      server: cpuSeconds(this.#serverPid),
      own: cpuSeconds(Deno.pid),
    };
  }
}
