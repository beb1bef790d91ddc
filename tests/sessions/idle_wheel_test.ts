import { assert, assertEquals } from "@std/assert";
import { type Idler, IdleWheel } from "../../src/sessions/idle_wheel.ts";
import { seededRandom, VirtualClock } from "../../src/testing/mod.ts";

const IDLE_MS = 60_000;
const TICK_MS = IDLE_MS / 16;

class Recorder implements Idler {
  lastTick = 0;
  wheelSlot = -1;
  idleAtMs: number | null = null;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  idledOut(): void {
    this.idleAtMs = this.#clock.elapsedMs();
  }
}

function advance(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

Deno.test("Liveness: whoever says nothing is idle after the time, never before and at most one tick later", () => {
  const random = seededRandom(5);
  for (let run = 0; run < 50; run++) {
    const clock = new VirtualClock();
    const wheel = new IdleWheel(clock, IDLE_MS);
    wheel.add(new Recorder(clock)); // the wheel turns already when the others come
    advance(clock, random.integer(100_000));
    const idler = new Recorder(clock);
    wheel.add(idler);
    let heardMs = clock.elapsedMs();
    for (let heard = random.integer(4); heard > 0; heard--) {
      advance(clock, random.integer(IDLE_MS));
      idler.lastTick = wheel.tick;
      heardMs = clock.elapsedMs();
    }
    advance(clock, 3 * IDLE_MS);
    const quietMs = idler.idleAtMs! - heardMs;
    assert(quietMs >= IDLE_MS && quietMs <= IDLE_MS + TICK_MS, `idle after ${quietMs} ms`);
  }
});

Deno.test("Liveness: whoever is heard of again and again is never idle", () => {
  const clock = new VirtualClock();
  const wheel = new IdleWheel(clock, IDLE_MS);
  const idler = new Recorder(clock);
  wheel.add(idler);
  for (let i = 0; i < 100; i++) {
    advance(clock, IDLE_MS - 1);
    idler.lastTick = wheel.tick;
  }
  assertEquals(idler.idleAtMs, null);
});

Deno.test("Nobody is called after being removed, or twice; an empty wheel has no timer", () => {
  const clock = new VirtualClock();
  const wheel = new IdleWheel(clock, IDLE_MS);
  const [gone, idle] = [new Recorder(clock), new Recorder(clock)];
  wheel.add(gone);
  wheel.add(idle);
  assertEquals([wheel.size, clock.pending], [2, 1]);
  wheel.remove(gone);
  advance(clock, 10 * IDLE_MS);
  assertEquals(gone.idleAtMs, null);
  assertEquals(idle.idleAtMs, IDLE_MS + TICK_MS);
  assertEquals([wheel.size, clock.pending], [0, 0]);
  wheel.remove(idle);
  wheel.add(gone);
  assertEquals(clock.pending, 1);
  advance(clock, 2 * IDLE_MS);
  assert(gone.idleAtMs !== null);
});
