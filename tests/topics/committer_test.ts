import { assertEquals } from "@std/assert";
import { type Committable, Committer } from "../../src/topics/committer.ts";
import { memoryLog } from "../../src/topics/memory_log.ts";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { ManualTurns, seededRandom, VirtualClock } from "../../src/testing/mod.ts";
import { SlowLog } from "./slow_log.ts";

const LIMITS = { size: 10, ttlMs: 60_000, folded: false };
const NAMES = ["a", "b", "c"];

/** Three topics that have something to store, and a log that takes its time. */
function setUp() {
  const turns = new ManualTurns();
  const scheduler = new Scheduler(new VirtualClock(), { turns });
  const log = new SlowLog(memoryLog({ random: seededRandom(1) }));
  const committer = new Committer(log, scheduler);
  const seen: string[] = [];
  /** Which of them nobody else may append to. */
  const busy = (): string => NAMES.filter((name) => committer.isBusy(name)).join("");
  const topic = (name: string): Committable => ({
    name,
    prepare: () => ({
      topic: name,
      entries: [{ event: "said", data: "{}", atMs: 0, recipients: null }],
      limits: LIMITS,
    }),
    settle: (head) => void seen.push(`${name} stored ${head?.offset}, busy: ${busy()}`),
    abandon: (error) => void seen.push(`${name} lost: ${(error as Error).message}, busy: ${busy()}`),
  });
  for (const name of NAMES) committer.add(topic(name), false);
  turns.give();
  return { log, seen, busy };
}

Deno.test("Commit: a topic is busy until its append is done", async () => {
  const { log, seen, busy } = setUp();
  assertEquals([busy(), log.appended], ["abc", [3]]);
  await log.proceed();
  assertEquals(seen, ["a stored 1, busy: bc", "b stored 1, busy: c", "c stored 1, busy: "]);
});

Deno.test("Commit: while each of several is tried once more, all are busy until its own turn is done", async () => {
  const { log, seen, busy } = setUp();
  log.failing = new Error("the disk is full");
  log.isSync = { append: true, read: true }; // the second try is done at once
  await log.proceed();
  assertEquals(log.appended, [3, 1, 1, 1]);
  assertEquals(seen, [
    "a lost: the disk is full, busy: bc",
    "b lost: the disk is full, busy: c",
    "c lost: the disk is full, busy: ",
  ]);
  assertEquals(busy(), "");
});

Deno.test("Commit: a second try that takes its time keeps its topic alone busy", async () => {
  const { log, seen, busy } = setUp();
  log.failing = new Error("the disk is full");
  await log.proceed();
  assertEquals([log.appended, busy(), seen], [[3, 1, 1, 1], "abc", []]);
  log.failing = null;
  await log.proceed(1);
  assertEquals([busy(), seen], ["ac", ["b stored 1, busy: ac"]]);
  await log.proceed();
  await log.proceed();
  assertEquals(busy(), "");
});
