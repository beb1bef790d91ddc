import { assertEquals } from "@std/assert";
import { Counters } from "../../../src/base/inspect.ts";
import { VirtualClock } from "../../../src/testing/mod.ts";
import { type Answerer, Liveness } from "../../../src/transport/ws/liveness.ts";

class Somebody implements Answerer {
  heard = false;
  pinged = false;
  pings = 0;
  isCutOff = false;
  ping(): void {
    this.pings++;
  }
  cutOff(): void {
    this.isCutOff = true;
  }
}

function pass(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

Deno.test("Liveness: who says nothing is pinged, and cut off if no answer comes", () => {
  const clock = new VirtualClock();
  const counters = new Counters();
  const liveness = new Liveness(clock, counters, 1_600);
  const silent = new Somebody();
  const answering = new Somebody();
  answering.ping = () => {
    answering.pings++;
    answering.pinged = false;
  };
  const talking = new Somebody();
  const slots = [silent, answering, talking].map((each) => liveness.add(each));
  for (let i = 0; i < 100; i++) {
    talking.heard = true;
    pass(clock, 100);
    if (silent.isCutOff) liveness.delete(silent, slots[0]);
  }
  assertEquals([silent.pings, silent.isCutOff], [1, true]);
  assertEquals([answering.pings, answering.isCutOff], [6, false]);
  assertEquals([talking.pings, talking.isCutOff], [0, false]);
  assertEquals(counters.get("connections.unresponsive"), 1);
});

Deno.test("Liveness: it takes three times pingMs at the most, and looks are spread", () => {
  const clock = new VirtualClock();
  const liveness = new Liveness(clock, new Counters(), 1_600);
  for (let joinedMs = 0; joinedMs < 1_600; joinedMs += 100) {
    const somebody = new Somebody();
    somebody.heard = joinedMs % 200 === 0;
    const slot = liveness.add(somebody);
    const startMs = clock.elapsedMs();
    somebody.cutOff = () => {
      const tookMs = clock.elapsedMs() - startMs;
      assertEquals(tookMs === (joinedMs % 200 === 0 ? 4_800 : 3_200), true, String(tookMs));
      liveness.delete(somebody, slot);
      somebody.isCutOff = true;
    };
    pass(clock, 100);
  }
  assertEquals(liveness.size, 16);
  pass(clock, 4_800);
  assertEquals(liveness.size, 0);
});

Deno.test("Liveness: without anybody there is no timer, and with 0 there is never one", () => {
  const clock = new VirtualClock();
  const liveness = new Liveness(clock, new Counters(), 1_600);
  const somebody = new Somebody();
  const slot = liveness.add(somebody);
  assertEquals(clock.pending, 1);
  liveness.delete(somebody, slot);
  liveness.delete(somebody, slot);
  assertEquals([clock.pending, liveness.size], [0, 0]);
  const off = new Liveness(clock, new Counters(), 0);
  off.delete(somebody, off.add(somebody));
  off.add(somebody);
  assertEquals([clock.pending, off.size], [0, 0]);
});
