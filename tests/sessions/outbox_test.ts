import { assert, assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { Frame } from "../../src/protocol/frame.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { TopicTurn } from "../../src/topics/topic_turn.ts";
import { Flusher } from "../../src/sessions/flusher.ts";
import { silentLogger } from "../../src/base/log.ts";
import { closeSlow, dropOldest, latest, type SlowPolicy } from "../../src/sessions/slow_policy.ts";
import { Droppable } from "../../src/sessions/droppable.ts";
import { SlowReader } from "../../src/sessions/slow_reader.ts";
import { DEFAULT_OUTBOX_LIMITS, Outbox, type OutboxLimits } from "../../src/sessions/outbox.ts";
import { FakeSocket, ManualTurns, VirtualClock } from "../../src/testing/mod.ts";

/** An outbox with everything around it; `joins`: whether its codec has batches; `coalesces`: whether its transport does. */
function setUp({ joins = false, coalesces = false, limits = {} as Partial<OutboxLimits> } = {}) {
  const clock = new VirtualClock();
  const turns = new ManualTurns();
  const scheduler = new Scheduler(clock, { turns });
  const counters = new Counters();
  const flusher = new Flusher(scheduler, clock, counters, { flushesPerTurn: 64 });
  const socket = new FakeSocket();
  socket.coalesces = coalesces;
  const events: string[] = [];
  const outbox: Outbox = new Outbox(
    socket,
    joins ? phoenixV21.join : null,
    { ...DEFAULT_OUTBOX_LIMITS, ...limits },
    flusher,
    counters,
    {
      overflowed() {
        events.push("overflowed");
        outbox.close();
      },
      crash: () => void events.push("crash"),
    },
  );
  return { clock, turn: () => turns.give(), scheduler, counters, flusher, socket, events, outbox };
}

const frame = (text: string): Frame => new Frame(text);
const topicTurn = (frames: Frame[]): TopicTurn =>
  new TopicTurn(frames, frames.map(() => ({ event: "e", payload: {}, position: null })));
const message = (n: number): Frame => frame(`[null,null,"t","e",${n}]`);
const messages = (count: number): Frame[] => Array.from({ length: count }, (_, n) => message(n));

Deno.test("Frames of a turn leave together, once, at its end", () => {
  const { outbox, socket, turn } = setUp();
  outbox.write(frame("a"));
  outbox.write(frame("b"));
  assertEquals(socket.turns.length, 0);
  turn();
  assertEquals(socket.turns.length, 1);
  assertEquals(socket.frames, ["a", "b"]);
});

Deno.test("Slow consumers: the shared turn is used as it is where the outbox is empty and writable", () => {
  const { outbox, socket, turn } = setUp();
  const shared = topicTurn([frame("a"), frame("b")]);
  outbox.writeTurn(shared);
  turn();
  assert(socket.turns[0] === shared);
});

Deno.test("A turn that cannot be joined leaves at once, but from within a commit with the flush that follows", () => {
  const { outbox, socket, turn, scheduler } = setUp();
  const [first, second] = [topicTurn([frame("a")]), topicTurn([frame("b"), frame("c")])];
  outbox.writeTurn(first);
  assertEquals(socket.turns, [first]);
  let withinCommit = -1;
  scheduler.atCommit(() => {
    outbox.writeTurn(second);
    withinCommit = socket.turns.length;
  });
  turn();
  assertEquals([withinCommit, socket.turns], [1, [first, second]]);
});

Deno.test("Slow consumers: a shared turn is not used where something else is written in that turn", () => {
  for (const before of [true, false]) {
    const { outbox, socket, turn } = setUp({ coalesces: true });
    const shared = topicTurn([frame("a"), frame("b")]);
    if (before) outbox.write(frame("own"));
    outbox.writeTurn(shared);
    if (!before) outbox.write(frame("own"));
    turn();
    assertEquals(socket.frames, before ? ["own", "a", "b"] : ["a", "b", "own"]);
    assert(socket.turns[0] !== shared);
  }
});

Deno.test("Slow consumers: a shared turn is not used behind a backlog", () => {
  const { outbox, socket, turn, clock } = setUp();
  socket.bufferedBytes = 65_536;
  outbox.write(frame("first"));
  turn();
  const shared = topicTurn([frame("a"), frame("b")]);
  outbox.writeTurn(shared);
  turn();
  assertEquals([outbox.length, socket.turns.length], [3, 0]);
  socket.resume();
  clock.step(10);
  assertEquals(socket.frames, ["first", "a", "b"]);
});

Deno.test("Slow consumers: nothing is handed over while the transport holds 64 KiB", () => {
  const { outbox, socket, turn, clock, flusher } = setUp();
  socket.bufferedBytes = 65_536;
  outbox.write(frame("a"));
  turn();
  assertEquals([socket.turns.length, flusher.behind], [0, 1]);
  socket.bufferedBytes = 65_535;
  clock.step(10);
  assertEquals([socket.frames, flusher.behind], [["a"], 0]);
});

Deno.test("Slow consumers: at most 256 frames are handed over since bufferedAmount was 0", () => {
  const { outbox, socket, turn, clock } = setUp();
  socket.stalled = true;
  for (const each of messages(300)) outbox.write(each);
  turn();
  assertEquals([socket.frames.length, outbox.length], [256, 44]);
  socket.bufferedBytes = 1; // less, but not empty
  clock.step(10);
  assertEquals(socket.frames.length, 256);
  socket.bufferedBytes = 0;
  clock.step(20);
  assertEquals([socket.frames.length, outbox.length], [300, 0]);
  assertEquals(socket.frames, messages(300).map(({ data }) => data));
});

Deno.test("Slow consumers: at most 64 KiB are handed over at once, less the size of the last frame", () => {
  const { outbox, socket, turn } = setUp();
  socket.stalled = true;
  for (let i = 0; i < 10; i++) outbox.write(frame("x".repeat(10_000)));
  turn();
  assertEquals([socket.frames.length, outbox.length], [7, 3]);
});

Deno.test("A frame that is larger than 64 KiB goes alone", () => {
  const { outbox, socket, turn, clock } = setUp();
  socket.stalled = true;
  outbox.write(frame("x".repeat(100_000)));
  outbox.write(frame("y"));
  turn();
  assertEquals([socket.frames.length, outbox.length], [1, 1]);
  socket.resume();
  clock.step(10);
  assertEquals(socket.frames.length, 2);
});

Deno.test("Slow consumers: overflow of the outbox in frames", () => {
  const { outbox, socket, turn, events, counters } = setUp({ limits: { maxFrames: 10 } });
  socket.bufferedBytes = 65_536;
  for (const each of messages(10)) outbox.write(each);
  turn();
  assertEquals(events, []);
  outbox.write(message(10));
  assertEquals(events, ["overflowed"]);
  assertEquals(counters.get("outbox.overflows"), 1);
  assertEquals(outbox.length, 0);
  outbox.write(message(11)); // let go of: it takes nothing any more
  turn();
  assertEquals(socket.turns.length, 0);
});

Deno.test("Slow consumers: overflow of the outbox in bytes", () => {
  const { outbox, socket, turn, events } = setUp({ limits: { maxBytes: 100 } });
  socket.bufferedBytes = 65_536;
  outbox.write(frame("x".repeat(100)));
  turn();
  assertEquals(events, []);
  outbox.write(frame("x"));
  turn();
  assertEquals(events, ["overflowed"]);
});

Deno.test("Slow consumers: bytes that have left a backlog do not count any more", () => {
  const { outbox, socket, turn, events } = setUp({ limits: { maxBytes: 100, maxTransportFrames: 2 } });
  const write = (count: number): void => {
    for (let i = 0; i < count; i++) outbox.write(frame("x".repeat(25)));
    turn();
  };
  socket.bufferedBytes = 65_536;
  write(4); // full to the byte
  for (let round = 0; round < 5; round++) {
    socket.bufferedBytes = 0;
    write(0); // nothing was added: the retry's turn takes two
    outbox.flush();
    socket.bufferedBytes = 65_536;
    write(2);
    assertEquals([events, outbox.length], [[], 4], `round ${round}`);
  }
  write(1);
  assertEquals(events, ["overflowed"]);
});

Deno.test("Slow consumers: a shared turn that the transport does not take counts, too", () => {
  const { outbox, socket, turn, events } = setUp({ coalesces: true, limits: { maxFrames: 10 } });
  socket.bufferedBytes = 65_536;
  outbox.writeTurn(topicTurn(messages(11)));
  assertEquals(outbox.length, 11);
  turn();
  assertEquals(events, ["overflowed"]);
});

Deno.test("Slow consumers: a backlog drains in order while more is written", () => {
  const { outbox, socket, turn, clock } = setUp({ limits: { maxTransportFrames: 3 } });
  socket.stalled = true;
  for (const each of messages(8)) outbox.write(each);
  turn();
  for (let i = 1; i <= 4; i++) {
    outbox.write(message(7 + i));
    turn();
    socket.bufferedBytes = 0;
    clock.step(i * 10);
  }
  socket.resume();
  clock.step(1_000);
  assertEquals(socket.frames, messages(12).map(({ data }) => data));
  assertEquals(clock.pending, 0);
});

Deno.test("Slow consumers: a batch has at most 256 messages and 64 KiB", () => {
  const many = setUp({ joins: true });
  for (const each of messages(300)) many.outbox.write(each);
  many.turn();
  assertEquals(many.socket.frames.map((data) => JSON.parse(data as string).length), [256, 44]);

  const big = setUp({ joins: true });
  const text = `[null,null,"t","e","${"x".repeat(20_000)}"]`;
  for (let i = 0; i < 4; i++) big.outbox.write(frame(text));
  big.turn();
  const lengths = big.socket.frames.map((data) => (data as string).length);
  assert(lengths.every((length) => length <= 65_536), `${lengths}`);
  assertEquals(lengths.length, 2);
});

Deno.test("Slow consumers: a binary frame breaks a batch, and one message alone is not wrapped", () => {
  const { outbox, socket, turn } = setUp({ joins: true });
  const bytes = new Uint8Array([1, 2, 3]);
  outbox.write(message(1));
  outbox.write(message(2));
  outbox.write(new Frame(bytes));
  outbox.write(message(3));
  turn();
  assertEquals(socket.frames, [
    '[[null,null,"t","e",1],[null,null,"t","e",2]]',
    bytes,
    '[null,null,"t","e",3]',
  ]);
});

Deno.test("Slow consumers: binary frames count towards the 256, with batches too", () => {
  const { outbox, socket, turn } = setUp({ joins: true });
  socket.stalled = true;
  for (let i = 0; i < 400; i++) outbox.write(i % 4 === 0 ? message(i) : new Frame(new Uint8Array([i % 256])));
  turn();
  assertEquals(socket.frames.length, 256);
  socket.resume();
});

Deno.test("Slow consumers: without batches in the codec, none is ever made", () => {
  const { outbox, socket, turn } = setUp();
  for (const each of messages(10)) outbox.write(each);
  outbox.writeTurn(topicTurn(messages(3)));
  turn();
  assertEquals(socket.frames.length, 13);
});

Deno.test("The joined form of a shared turn is made once for all connections", () => {
  const shared = topicTurn(messages(5));
  const [a, b] = [setUp({ joins: true }), setUp({ joins: true })];
  for (const { outbox, turn } of [a, b]) {
    outbox.writeTurn(shared);
    turn();
  }
  assert(a.socket.turns[0].frames[0] === b.socket.turns[0].frames[0]);
  assertEquals(a.socket.frames.length, 1);
});

Deno.test("A transport that throws harms its own connection alone", () => {
  const { outbox, socket, turn, events, flusher, scheduler, counters } = setUp();
  const neighbour = new FakeSocket();
  const other = new Outbox(neighbour, null, DEFAULT_OUTBOX_LIMITS, flusher, counters, {
    overflowed() {},
    crash() {},
  });
  socket.send = () => {
    throw new Error("boom");
  };
  outbox.write(frame("a"));
  other.write(frame("b"));
  turn();
  assertEquals(events, ["crash"]);
  assertEquals(neighbour.frames, ["b"]);
  assert(scheduler.idle);
});

Deno.test("A closed outbox drops what waits, and leaves no timer behind for long", () => {
  const { outbox, socket, turn, clock, flusher } = setUp();
  socket.bufferedBytes = 65_536;
  outbox.write(frame("a"));
  turn();
  outbox.close();
  assertEquals([outbox.length, flusher.behind], [0, 0]);
  clock.step(10);
  assertEquals(clock.pending, 0);
});

Deno.test("A shared turn leaves at once where nothing can be joined, and behind what waits for the turn's end", () => {
  const plain = setUp();
  plain.outbox.writeTurn(topicTurn([frame("a"), frame("b")]));
  assertEquals(plain.socket.frames, ["a", "b"]);

  const joining = setUp({ joins: true });
  joining.outbox.writeTurn(topicTurn(messages(2)));
  assertEquals(joining.socket.turns.length, 0);

  const queued = setUp();
  queued.outbox.write(frame("before"));
  queued.outbox.writeTurn(topicTurn([frame("a")]));
  assertEquals(queued.socket.frames, []);
  queued.turn();
  assertEquals(queued.socket.frames, ["before", "a"]);

  const behind = setUp();
  behind.socket.bufferedBytes = 65_536;
  behind.outbox.writeTurn(topicTurn([frame("a")]));
  assertEquals([behind.outbox.length, behind.flusher.behind], [1, 1]);
});

Deno.test("Answers to a message leave within its I/O callback where nothing can be joined", () => {
  const plain = setUp();
  plain.outbox.beginAnswer();
  plain.outbox.write(frame("a"));
  plain.outbox.endAnswer();
  assertEquals(plain.socket.frames, ["a"]);

  const joining = setUp({ joins: true });
  joining.outbox.beginAnswer();
  joining.outbox.write(frame("a"));
  joining.outbox.endAnswer();
  assertEquals(joining.socket.frames, []);
  joining.turn();
  assertEquals(joining.socket.frames, ["a"]);

  const queued = setUp();
  queued.outbox.write(frame("before"));
  queued.outbox.beginAnswer();
  queued.outbox.write(frame("a"));
  queued.outbox.endAnswer();
  assertEquals(queued.socket.frames, []);
  queued.turn();
  assertEquals(queued.socket.frames, ["before", "a"]);
});

/** A subscription with a policy, for {@link setUp}'s outbox. */
function readerOf(policy: SlowPolicy, { clock, counters }: ReturnType<typeof setUp>): SlowReader {
  const ports = { clock, counters, logger: silentLogger };
  return new SlowReader(policy, ports, ({ count }) => frame(`missed ${count}`));
}
const published = { event: "e", payload: {}, position: null };
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `${from + i}`);

Deno.test("Slow consumers: a shared turn of a topic with a policy is handed on as it is, like any other", () => {
  const plain = setUp();
  const shared = topicTurn(messages(3));
  plain.outbox.writeTurn(shared, readerOf(latest(), plain));
  assert(plain.socket.turns[0] === shared);
});

Deno.test("Slow consumers: a turn that does not fit is conflated as soon as the rest has to wait", () => {
  const given = setUp({ limits: { maxTransportFrames: 10, maxFrames: 100 } });
  given.socket.stalled = true;
  given.outbox.writeTurn(topicTurn(numbers(0, 300).map(frame)), readerOf(dropOldest({ max: 3 }), given));
  assertEquals(given.socket.frames, numbers(0, 10));
  assertEquals([given.outbox.length, given.events], [3, []]);
  given.socket.resume();
  given.clock.step(10);
  assertEquals(given.socket.take().slice(10), ["missed 287", "297", "298", "299"]);
});

Deno.test("Slow consumers: more than the outbox holds may come in one turn, where some is left out", () => {
  const given = setUp({ limits: { maxFrames: 10 } });
  const reader = readerOf(dropOldest({ max: 3 }), given);
  given.outbox.write(frame("reply"));
  given.socket.bufferedBytes = 65_536;
  for (const text of numbers(0, 100)) {
    given.outbox.writeDroppable(new Droppable(frame(text), published, reader));
  }
  assertEquals([given.outbox.length, given.events], [4, []]);
  given.turn();
  given.socket.resume();
  given.clock.step(10);
  assertEquals(given.socket.frames, ["reply", "missed 97", "97", "98", "99"]);
});

Deno.test("Slow consumers: what is written one by one and leaves in its turn is never left out", () => {
  const given = setUp({ joins: true });
  const reader = readerOf(latest(), given);
  for (let n = 0; n < 3; n++) given.outbox.writeDroppable(new Droppable(message(n), published, reader));
  given.outbox.write(message(3));
  given.turn();
  assertEquals(JSON.parse(given.socket.frames[0] as string).length, 4);
  assertEquals([given.outbox.length, given.flusher.behind], [0, 0]);
});

Deno.test("Slow consumers: closeSlow lets go of the connection in the commit, or where the turn ends", () => {
  for (const coalesces of [false, true]) {
    const given = setUp({ coalesces });
    given.socket.bufferedBytes = 65_536;
    given.outbox.writeTurn(topicTurn([frame("a")]), readerOf(closeSlow(), given));
    given.turn();
    assertEquals([given.events, given.counters.get("slow.closed")], [["overflowed"], 1]);
  }
});

Deno.test("Slow consumers: notices and publications come in batches where there are any", () => {
  const given = setUp({ joins: true });
  given.socket.bufferedBytes = 65_536;
  const reader = readerOf(dropOldest({ max: 2 }), given);
  given.outbox.writeTurn(topicTurn(messages(4)), reader);
  given.turn();
  given.socket.resume();
  given.clock.step(10);
  assertEquals(given.socket.frames, [`[missed 2,${message(2).data},${message(3).data}]`]);
});
