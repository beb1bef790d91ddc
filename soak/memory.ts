import type { ServerProcess } from "./server_process.ts";
import { grows, type Slope, slopeOf } from "./slope.ts";

/** How much may be added while memory is looked at, without being called growth: of RSS and of the heap, in KiB. */
export const RSS_ALLOWED_KIB = 16_384, HEAP_ALLOWED_KIB = 4_096;
/** How much more the heap may hold when all have left than before anybody came: compiled code, mostly. */
export const LEFT_BEHIND_KIB = 8_192;

/** How a server's memory went, while all clients were there and had been for a while. In KiB. */
export class Memory {
  readonly rss: Slope;
  /** V8's heap, without garbage: much less noise. */
  readonly heap: Slope;

  private constructor(rss: Slope, heap: Slope) {
    this.rss = rss;
    this.heap = heap;
  }

  /** From `sinceMs` to `untilMs`; `null` if it was not looked at often enough. */
  static of(server: ServerProcess, sinceMs: number, untilMs: number): Memory | null {
    const rss = slopeOf(server.samples("rssKib", sinceMs, untilMs));
    const heap = slopeOf(server.samples("heapKib", sinceMs, untilMs));
    return rss === null || heap === null ? null : new Memory(rss, heap);
  }

  /** What clearly grows. */
  get faults(): string[] {
    const { rss, heap } = this;
    return [
      ...(grows(rss, RSS_ALLOWED_KIB) ? [`RSS grows by ${inWords(rss)}`] : []),
      ...(grows(heap, HEAP_ALLOWED_KIB) ? [`the heap grows by ${inWords(heap)}`] : []),
    ];
  }
}

/** A slope of something in KiB. */
export function inWords({ perMinute, error, mean, overMs, count }: Slope): string {
  return `${Math.round(perMinute)} ± ${Math.round(error)} KiB/min of ${Math.round(mean / 1_024)} MiB ` +
    `(${count} samples over ${Math.round(overMs / 1_000)} s)`;
}
