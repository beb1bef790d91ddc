import { assertEquals } from "@std/assert";
import { DEFAULT_REPLAY_LIMITS } from "../../src/topics/recovery.ts";
import { Reader, setUp } from "./history_stage.ts";

/** A topic with one publication, and a reader that asks for it: its log gives it when it is told to. */
function reading(...options: Parameters<typeof setUp>) {
  const stage = setUp(...options);
  const reader = new Reader("a");
  const { log, publish, subscribe, turn } = stage;
  log.isSync.append = true;
  publish();
  turn();
  subscribe(reader, 0);
  turn();
  return { ...stage, reader };
}

Deno.test("Recovering: who publishes while its past is read hears of the commit behind its own beginning", async () => {
  const { log, publish, turn, reader } = reading();
  publish(reader);
  turn();
  assertEquals(reader.log, [], "its answers wait for the subscription, which comes first");
  await log.proceed();
  assertEquals([reader.log, reader.offsets], [["subscribed", "committed"], [1, 2]]);
});

Deno.test("Recovering: what could not be stored meanwhile is told behind the beginning, too, and in order", async () => {
  const { log, publish, turn, reader } = reading();
  log.failing = new Error("disk full");
  publish(reader);
  turn();
  log.failing = null;
  publish(reader);
  turn();
  assertEquals(reader.log, []);
  await log.proceed();
  assertEquals([reader.log, reader.offsets], [["subscribed", "failed ref", "committed"], [1, 2]]);
});

Deno.test("Recovering: a client that begins anew is owed nothing of what it published before", async () => {
  const { log, publish, subscribe, turn, reader } = reading();
  publish(reader);
  turn();
  subscribe(reader, 0);
  turn();
  assertEquals(
    reader.log,
    ["committed", "committed"],
    "its first beginning is given up, then its publication",
  );
  await log.proceed();
  await log.proceed();
  assertEquals([reader.log.slice(2), reader.offsets], [["subscribed"], [1, 2]]);
});

Deno.test("Recovering: what is published for the one whose past is read reaches it", async () => {
  const { log, publish, turn, reader } = reading();
  publish(null, "t", true, (subscriber) => subscriber === reader);
  publish(null, "t", true, (subscriber) => subscriber !== reader);
  turn();
  await log.proceed();
  assertEquals(reader.offsets, [1, 2]);
});

Deno.test("Recovering: who leaves while its past is read is forgotten at once", async () => {
  const { log, topic, publish, subscribe, turn, drain } = setUp();
  log.isSync.append = true;
  publish();
  turn();
  const plain = new Reader("a");
  plain.gainsByWaiting = false;
  subscribe(plain);
  turn();
  const reader = new Reader("b");
  subscribe(reader, 0);
  turn();
  reader.active = false;
  topic().unsubscribe(reader);
  publish();
  drain();
  assertEquals(plain.offsets, [2], "nobody is left for whom a commit waits for the turn");
  await log.proceed();
  assertEquals([reader.log, reader.offsets], [[], []]);
});

Deno.test("Recovering: of too much that is published meanwhile, what has no offset is no gap", async () => {
  const { log, publish, turn, counters, reader } = reading(3);
  for (let n = 0; n < 3; n++) publish(null, "t", false);
  for (let n = 0; n < 3; n++) publish();
  turn();
  await log.proceed();
  assertEquals([reader.recovery?.outcome, reader.offsets], ["recovered", [1, 2, 3, 4]]);
  assertEquals(counters.get("recoveries.recovered"), 1);
});

Deno.test("Recovering: who is overtaken is counted as what it is told, and gets the greetings of where it begins", async () => {
  let committed = 0;
  const extension = {
    committed: () => void committed++,
    joining: () => {
      const seen = committed;
      return { event: "state", payload: () => seen };
    },
  };
  const { log, publish, turn, counters, reader } = reading(2, new Map([["state", () => extension]]));
  for (let n = 0; n < 4; n++) publish();
  turn();
  await log.proceed();
  assertEquals([reader.recovery?.outcome, reader.recovery?.gap, reader.offsets], [
    "partial",
    { from: 1, to: 3 },
    [4, 5],
  ]);
  assertEquals(reader.log, ["subscribed", "push of state 5"], "a state that has what is lost in it");
  const count = (outcome: string): number => counters.get(`recoveries.${outcome}`);
  assertEquals([count("recovered"), count("partial"), count("replayed")], [0, 1, 0]);
});

Deno.test("Recovering: who has left by the time that its past is read is no recovery", async () => {
  const { log, counters, reader } = reading();
  reader.active = false;
  await log.proceed();
  assertEquals(counters.get("recoveries.replayed"), 0);
});

Deno.test("Recovering: whose past is not read in time is turned away, then hears of what it has published", async () => {
  const { log, clock, publish, turn, reader } = reading();
  publish(reader);
  turn();
  assertEquals(reader.log, []);
  while (clock.step(DEFAULT_REPLAY_LIMITS.historyTimeoutMs));
  for (let i = 0; i < 4; i++) await Promise.resolve();
  assertEquals(reader.log, ["turned away: history_timeout", "committed"]);
  await log.proceed();
  publish();
  turn();
  assertEquals([reader.log.length, reader.offsets, clock.pending], [2, [], 0]);
});
