import type { ServerProcess } from "./server_process.ts";
import { grows, type Slope, slopeOf } from "./slope.ts";

/** How much may be added while memory is looked at, without being called growth: of RSS and of the heap, in KiB. */
export const RSS_ALLOWED_KIB = 16_384, HEAP_ALLOWED_KIB = 4_096;
/** How much more the heap may hold when all have left than before anybody came: compiled code, mostly. */
export const LEFT_BEHIND_KIB = 8_192;
/** What RSS may come to at the most, in KiB: of a server, and for each connection. */
export const RSS_OF_SERVER_KIB = 131_072, RSS_OF_CONNECTION_KIB = 64;
/** The heap is looked at when all have been there for this share of the time. */
const WARM_UP_SHARE = 0.35;
/** How long RSS goes up with nothing kept, until the allocators have what they need, in milliseconds: measured. */
export const RSS_WARM_UP_MS = 90_000;

/** How a server's memory went, while all clients were there and had been for a while. In KiB. */
export class Memory {
  readonly rss: Slope;
  /** Whether RSS was looked at for long enough behind its warm-up; else its slope says nothing. */
  readonly isWarm: boolean;
  /** V8's heap, without garbage: much less noise. */
  readonly heap: Slope;

  private constructor(rss: Slope, isWarm: boolean, heap: Slope) {
    this.rss = rss;
    this.isWarm = isWarm;
    this.heap = heap;
  }

  /** All have been there from `allInMs` to `untilMs`; `null` if memory was not looked at often enough. */
  static of(server: Pick<ServerProcess, "samples">, allInMs: number, untilMs: number): Memory | null {
    const sinceMs = allInMs + (untilMs - allInMs) * WARM_UP_SHARE;
    const heap = slopeOf(server.samples("heapKib", sinceMs, untilMs));
    const warm = slopeOf(server.samples("rssKib", Math.max(sinceMs, allInMs + RSS_WARM_UP_MS), untilMs));
    const rss = warm ?? slopeOf(server.samples("rssKib", sinceMs, untilMs));
    return rss === null || heap === null ? null : new Memory(rss, warm !== null, heap);
  }

  /** What clearly grows. */
  get faults(): string[] {
    const { rss, isWarm, heap } = this;
    return [
      ...(isWarm && grows(rss, RSS_ALLOWED_KIB) ? [`RSS grows by ${inWords(rss)}`] : []),
      ...(grows(heap, HEAP_ALLOWED_KIB) ? [`the heap grows by ${inWords(heap)}`] : []),
    ];
  }

  /** For a report. */
  toString(): string {
    return `RSS ${inWords(this.rss)}${this.isWarm ? "" : ", which is still warming up"}; heap ${
      inWords(this.heap)
    }`;
  }
}

/** A slope of something in KiB. */
function inWords({ perMinute, error, mean, overMs, count }: Slope): string {
  return `${Math.round(perMinute)} ± ${Math.round(error)} KiB/min of ${Math.round(mean / 1_024)} MiB ` +
    `(${count} samples over ${Math.round(overMs / 1_000)} s)`;
}
