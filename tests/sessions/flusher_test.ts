import { assertEquals } from "@std/assert";
import { type Flushable, Flusher } from "../../src/sessions/flusher.ts";
import { Kit } from "../../src/testing/kit.ts";
import { puppet } from "../actors/puppet.ts";

/** Says at each flush whether all went out, as the test has laid out; notes what happened. */
class Recorder implements Flushable {
  readonly seen: string[] = [];
  readonly #outcomes: (boolean | Error)[];

  constructor(...outcomes: (boolean | Error)[]) {
    this.#outcomes = outcomes;
  }

  flush(): boolean {
    const outcome = this.#outcomes.shift() ?? true;
    this.seen.push(`flush: ${outcome}`);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  failed(error: unknown): void {
    this.seen.push(`failed: ${(error as Error).message}`);
  }
}

Deno.test("Flusher flushes what was added once, at the end of the turn", async () => {
  await using kit = new Kit();
  const flusher = new Flusher(kit.system.scheduler, kit.clock, kit.system.counters, { flushesPerTurn: 64 });
  const [first, second] = [new Recorder(), new Recorder()];
  flusher.add(first);
  flusher.add(second);
  assertEquals(first.seen, []);
  await kit.settle();
  assertEquals([first.seen, second.seen], [["flush: true"], ["flush: true"]]);
});

Deno.test("Flusher flushes limits.flushesPerTurn outboxes a turn, in their order, and counts the turns that it goes on for", async () => {
  await using kit = new Kit();
  const { scheduler, counters } = kit.system;
  const flusher = new Flusher(scheduler, kit.clock, counters, { flushesPerTurn: 2 });
  const all = Array.from({ length: 5 }, () => new Recorder());
  const flushed = (): number[] => all.map(({ seen }) => seen.length);
  for (const each of all) flusher.add(each);
  kit.turn();
  assertEquals(flushed(), [1, 1, 0, 0, 0]);
  flusher.add(all[0]); // it has something again: behind those that wait
  kit.turn();
  assertEquals(flushed(), [1, 1, 1, 1, 0]);
  kit.turn();
  assertEquals([flushed(), scheduler.idle], [[2, 1, 1, 1, 1], true]);
  assertEquals(counters.get("flushes.continued"), 2);
});

Deno.test("Flusher flushes all in one turn where actors are left ready: those turns are long", async () => {
  await using kit = new Kit();
  const { scheduler, counters } = kit.system;
  const flusher = new Flusher(scheduler, kit.clock, counters, { flushesPerTurn: 1 });
  const all = Array.from({ length: 3 }, () => new Recorder());
  for (const each of all) flusher.add(each);
  const busy = kit.system.spawn(puppet());
  scheduler.atCommit(() => busy.tell(() => {})); // behind the drain: it is ready in the flush
  kit.turn();
  assertEquals([all.map(({ seen }) => seen.length), counters.get("flushes.continued")], [[1, 1, 1], 0]);
});

Deno.test("Flusher asks those that are behind again every 10 ms, with one timer, until all has gone out", async () => {
  await using kit = new Kit();
  const flusher = new Flusher(kit.system.scheduler, kit.clock, kit.system.counters, { flushesPerTurn: 64 });
  const [slow, slower] = [new Recorder(false, true), new Recorder(false, false, true)];
  flusher.add(slow);
  flusher.add(slower);
  await kit.settle();
  assertEquals([flusher.behind, kit.clock.pending], [2, 1]);
  await kit.advance(10);
  assertEquals([flusher.behind, slow.seen.length, slower.seen.length], [1, 2, 2]);
  await kit.advance(10);
  assertEquals([flusher.behind, kit.clock.pending, slower.seen.at(-1)], [0, 0, "flush: true"]);
});

Deno.test("Flusher asks a closed outbox no more", async () => {
  await using kit = new Kit();
  const flusher = new Flusher(kit.system.scheduler, kit.clock, kit.system.counters, { flushesPerTurn: 64 });
  const slow = new Recorder(false);
  flusher.add(slow);
  await kit.settle();
  flusher.forget(slow);
  await kit.advance(100);
  assertEquals([flusher.behind, slow.seen], [0, ["flush: false"]]);
});

Deno.test("A flush that throws is told to its own outbox, and the others are flushed", async () => {
  await using kit = new Kit();
  const flusher = new Flusher(kit.system.scheduler, kit.clock, kit.system.counters, { flushesPerTurn: 64 });
  const [broken, healthy] = [new Recorder(new Error("broken codec")), new Recorder()];
  flusher.add(broken);
  flusher.add(healthy);
  await kit.settle();
  assertEquals(broken.seen.at(-1), "failed: broken codec");
  assertEquals(healthy.seen, ["flush: true"]);
});
