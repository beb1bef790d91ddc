import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Memory, RSS_WARM_UP_MS } from "../../soak/memory.ts";

/** A server that is looked at each second, whose RSS and heap (in KiB) are these so many milliseconds after all had come. */
function memory(forMs: number, rssKib: (atMs: number) => number, heapKib: (atMs: number) => number): Memory {
  const sights = Array.from({ length: forMs / 1_000 + 1 }, (_, i) => ({
    ...{ atMs: 1_000 * i, rssKib: rssKib(1_000 * i), heapKib: heapKib(1_000 * i) },
  }));
  return Memory.of(
    {
      samples: (of, sinceMs, untilMs) =>
        sights.filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs).map((sight) => ({
          ...{ atMs: sight.atMs, value: sight[of] },
        })),
    },
    0,
    forMs,
  )!;
}

const flat = () => 50_000;
/** What a server takes until its allocators have what they need. */
const warmingUp = (atMs: number) => 200_000 + 100_000 * Math.min(atMs / RSS_WARM_UP_MS, 1);
const leaking = (atMs: number) => 50_000 + atMs / 2;

Deno.test("Soak memory: RSS that goes up at first, and then no more, is no fault", () => {
  const { faults, isWarm } = memory(150_000, warmingUp, flat);
  assertEquals([faults, isWarm], [[], true]);
});

Deno.test("Soak memory: a run that ends while RSS is warming up says so, and judges the heap alone", () => {
  const short = memory(60_000, warmingUp, flat);
  assertEquals([short.faults, short.isWarm], [[], false]);
  assertStringIncludes(String(short), "still warming up");
  assertEquals(memory(60_000, warmingUp, leaking).faults.length, 1);
});

Deno.test("Soak memory: RSS that goes on going up is found, also where the heap does not", () => {
  const { faults } = memory(240_000, (atMs) => warmingUp(atMs) + leaking(atMs), flat);
  assertEquals(faults.length, 1);
  assertStringIncludes(faults[0], "RSS grows by");
});

Deno.test("Soak memory: without enough looks there is nothing to say", () => {
  assert(memory(5_000, flat, flat) === null);
});
