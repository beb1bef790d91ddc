import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
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
  const clock = new VirtualClock();
  const counters = new Counters();
  const lines: unknown[] = [];
  const logger = { log: (...line: unknown[]) => void lines.push(line) };
  const scheduler = new Scheduler(clock, { turns });
  const log = new SlowLog(memoryLog({ random: seededRandom(1) }));
  const committer = new Committer(log, { scheduler, clock, counters, logger, appendTimeoutMs: 1_000 });
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
    overdue: ({ code }) => void seen.push(`${name} ${code}, busy: ${busy()}`),
  });
  for (const name of NAMES) committer.add(topic(name), false);
  turns.give();
  const pass = (ms: number): void => {
    const untilMs = clock.elapsedMs() + ms;
    while (clock.step(untilMs));
  };
  return { log, seen, busy, committer, clock, counters, lines, pass };
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

const OVERDUE = ["a append_timeout, busy: abc", "b append_timeout, busy: abc", "c append_timeout, busy: abc"];

Deno.test("Commit: an append that is done in time leaves no timer", async () => {
  const { log, clock, seen, pass } = setUp();
  pass(999);
  await log.proceed();
  assertEquals([seen.length, clock.pending], [3, 0]);
});

Deno.test("Commit: topics whose append is late are told, counted and logged once, and stay busy until it is done", async () => {
  const { log, seen, busy, committer, clock, counters, lines, pass } = setUp();
  pass(1_000);
  assertEquals([seen, busy(), clock.pending], [OVERDUE, "abc", 0]);
  assertEquals([counters.get("history.overdue"), committer.overdue, committer.isOverdue("b")], [3, 3, true]);
  assertEquals(lines, [[
    "error",
    "publications were not stored in time: their topics end",
    { topic: "a", topics: 3, publications: 3, appendTimeoutMs: 1_000 },
  ]]);
  pass(60_000);
  await log.proceed();
  assertEquals(seen.slice(3), ["a stored 1, busy: bc", "b stored 1, busy: c", "c stored 1, busy: "]);
  assertEquals([committer.overdue, committer.isOverdue("b")], [0, false]);
});

Deno.test("Commit: what fails late is lost, and is not tried once more for those that have ended", async () => {
  const { log, seen, busy, committer, pass } = setUp();
  pass(1_000);
  log.failing = new Error("the disk is full");
  await log.proceed();
  assertEquals([log.appended, committer.overdue, busy()], [[3], 0, ""]);
  assertEquals(seen.slice(3), [
    "a lost: the disk is full, busy: bc",
    "b lost: the disk is full, busy: c",
    "c lost: the disk is full, busy: ",
  ]);
});

Deno.test("Commit: a second try has the whole time again", async () => {
  const { log, seen, committer, pass } = setUp();
  pass(900);
  log.failing = new Error("the disk is full");
  await log.proceed();
  pass(999);
  assertEquals([seen, committer.overdue], [[], 0]);
  pass(1);
  assertEquals([seen, committer.overdue], [OVERDUE, 3]);
});
