import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { defineTopic, latest, memoryLog, refuse, TroupeError } from "../../mod.ts";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { joinFrame, messagesOf, payloadsOf, responseOf } from "./messages.ts";

const Board = defineTopic("board:{id}", {
  client: {
    add: { payload: z.object({ text: z.string() }), reply: z.object({ count: z.number() }) },
    two: {},
    poison: {},
    nested: {},
    later: {},
    whisper: {},
  },
  server: { added: z.object({ text: z.string() }), cleared: z.object({}), poked: z.object({}) },
  state: {
    schema: z.object({ cards: z.array(z.string()) }),
    initial: { cards: [] },
    apply: {
      added(state, { text }) {
        if (text === "poison") throw new Error("poisoned");
        return { cards: [...state.cards, text] };
      },
      cleared: () => ({ cards: [] }),
    },
  },
});

function stage(options: ConstructorParameters<typeof AppKit>[0] = {}): AppKit {
  const kit = new AppKit(options);
  kit.app.topic(Board, {
    history: { size: 1_000, ttlMs: 60_000, snapshotEvery: 3 },
    on: {
      async add(ctx, { text }) {
        const state = await ctx.transact(({ cards }) =>
          cards.length >= 4 ? refuse({ reason: "full" }) : [["added", { text }]]
        );
        return { count: state.cards.length };
      },
      two(ctx) {
        void ctx.transact(() => [["added", { text: "a" }], ["added", { text: "b" }]]);
        void ctx.transact(({ cards }) => [["added", { text: `behind ${cards.length}` }]]);
      },
      poison: (ctx) => ctx.broadcast("added", { text: "poison" }),
      nested: (ctx) => void ctx.transact(() => (ctx.transact(() => []), [])),
      later: async (ctx) => void await ctx.transact((() => Promise.resolve([])) as never),
      whisper: (ctx) => ctx.broadcast("added", { text: "x" }, { except: ctx }),
    },
    info: async (ctx, text) => void await ctx.transact(() => [["added", { text: `${text}` }]]),
  });
  return kit;
}

const connect = (kit: AppKit) => kit.connect("/socket/websocket?vsn=2.1.0");

Deno.test("State: a joiner gets it with its position, right behind the reply, and then the tail", async () => {
  await using kit = stage();
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  ada.send('["1","2","board:1","add",{"text":"x"}]');
  await kit.settle();
  const messages = messagesOf(ada);
  assertEquals(messages.map(([, , , event]) => event), ["phx_reply", "troupe:state", "added", "phx_reply"]);
  const [first, pushed, added, answered] = messages;
  const { epoch } = responseOf<{ troupe: { epoch: string } }>(first).troupe;
  assertEquals(pushed[4], { state: { cards: [] }, epoch, offset: 0 });
  assertEquals(added.slice(4), [{ text: "x" }, 1]);
  assertEquals(responseOf(answered), { count: 1 });
  const bob = await connect(kit);
  bob.send(joinFrame("board:1"));
  await kit.settle();
  assertEquals(payloadsOf(bob, "troupe:state"), [{ state: { cards: ["x"] }, epoch, offset: 1 }]);
});

Deno.test("State: a client that recovers gets only the tail; one that cannot gets the state, and the tail behind it", async () => {
  await using kit = stage();
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  for (const text of ["1", "2", "3"]) ada.send(`["1","9","board:1","add",{"text":"${text}"}]`);
  await kit.settle();
  const { epoch } = responseOf<{ troupe: { epoch: string } }>(messagesOf(ada)[0]).troupe;
  const recovers = await connect(kit);
  recovers.send(joinFrame("board:1", { troupe: { epoch, offset: 1 } }));
  await kit.settle();
  assertEquals(messagesOf(recovers).map(([, , , event, , offset]) => [event, offset]), [
    ["phx_reply", undefined],
    ["added", 2],
    ["added", 3],
  ]);
  const lost = await connect(kit);
  lost.send(joinFrame("board:1", { troupe: { epoch: "another", offset: 1 } }));
  await kit.settle();
  assertEquals(payloadsOf(lost, "troupe:state"), [{ state: { cards: ["1", "2", "3"] }, epoch, offset: 3 }]);
});

Deno.test("State: a client that asks for it gets it also where it recovers, ahead of the tail that is in it", async () => {
  await using kit = stage();
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  for (const text of ["1", "2", "3"]) ada.send(`["1","9","board:1","add",{"text":"${text}"}]`);
  await kit.settle();
  const { epoch } = responseOf<{ troupe: { epoch: string } }>(messagesOf(ada)[0]).troupe;
  for (const troupe of [{ epoch, offset: 2, state: true }, { offset: 2, epoch, state: false }]) {
    const asks = await connect(kit);
    asks.send(joinFrame("board:1", { troupe }));
    await kit.settle();
    const [answer, ...rest] = messagesOf(asks);
    assertEquals(responseOf<{ troupe: { recovery: string } }>(answer).troupe.recovery, "recovered");
    const snapshot = ["troupe:state", { state: { cards: ["1", "2", "3"] }, epoch, offset: 3 }, undefined];
    const tail = ["added", { text: "3" }, 3];
    assertEquals(
      rest.map(([, , , event, payload, offset]) => [event, payload, offset]),
      troupe.state ? [snapshot, tail] : [tail],
    );
  }
  const wrong = await connect(kit);
  wrong.send(joinFrame("board:1", { troupe: { state: 1 } }));
  await kit.settle();
  assertEquals(responseOf(messagesOf(wrong)[0]), {
    reason: "invalid_payload",
    issues: [{ path: "troupe.state", message: "expected true or false" }],
  });
});

Deno.test("State: it comes back from snapshot and tail when its topic has slept", async () => {
  for (const count of [1, 2, 3, 4]) {
    await using kit = stage();
    const ada = await connect(kit);
    ada.send(joinFrame("board:1"));
    for (let n = 1; n <= count; n++) ada.send(`["1","9","board:1","add",{"text":"${n}"}]`);
    await kit.settle();
    ada.close();
    await kit.advance(20_000);
    assertEquals(kit.app.topics.size, 0);
    const bob = await connect(kit);
    bob.send(joinFrame("board:1"));
    await kit.settle();
    const [{ state, offset }] = payloadsOf(bob, "troupe:state") as {
      state: { cards: string[] };
      offset: number;
    }[];
    assertEquals([state.cards.length, offset], [count, count]);
  }
});

Deno.test("Transact: it sees what is queued, stores all or nothing, and a refusal is the reply", async () => {
  await using kit = stage();
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  ada.send('["1","2","board:1","two",{}]');
  await kit.settle();
  assertEquals(payloadsOf(ada, "added"), [{ text: "a" }, { text: "b" }, { text: "behind 2" }]);
  ada.send('["1","3","board:1","add",{"text":"fourth"}]');
  ada.send('["1","4","board:1","add",{"text":"fifth"}]');
  await kit.settle();
  assertEquals(
    messagesOf(ada).filter(([, , , event]) => event === "phx_reply").map((
      [, ref, , , payload],
    ) => [ref, payload]),
    [
      ["3", { status: "ok", response: { count: 4 } }],
      ["4", { status: "error", response: { reason: "full" } }],
    ],
  );
});

Deno.test("Transact: within another, or with a promise, it is an error of its channel alone", async () => {
  for (const event of ["nested", "later", "whisper"]) {
    await using kit = stage();
    const [ada, bob] = [await connect(kit), await connect(kit)];
    for (const each of [ada, bob]) each.send(joinFrame("board:1"));
    await kit.settle();
    messagesOf(ada), messagesOf(bob);
    ada.send(`["1","2","board:1","${event}",{}]`);
    await kit.settle();
    if (event !== "nested") assertEquals(messagesOf(ada).at(-1)?.[3], "phx_error");
    assertEquals(messagesOf(bob), []);
  }
});

Deno.test("State: an apply that throws ends the topic loudly, and nothing of it is stored", async () => {
  await using kit = stage();
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  ada.send('["1","2","board:1","add",{"text":"x"}]');
  await kit.settle();
  messagesOf(ada);
  ada.send('["1","3","board:1","poison",{}]');
  await kit.settle();
  assertEquals(messagesOf(ada).map(([, , , event]) => event), ["phx_error"], "and no ok reply");
  assertEquals(kit.app.system.counters.get("topics.crashed"), 1);
  await kit.advance(1_000);
  ada.send(joinFrame("board:1"));
  await kit.settle();
  assertEquals((payloadsOf(ada, "troupe:state") as { state: unknown }[])[0].state, { cards: ["x"] });
});

Deno.test("State: what would leave clients with another state is refused at the start", () => {
  const kit = new AppKit();
  const codeOf = (handlers: object): string => {
    try {
      kit.app.topic(Board, handlers as never);
    } catch (error) {
      return (error as TroupeError).code;
    }
    return "accepted";
  };
  const on = Object.fromEntries(
    Object.keys(Board.definition.client).map((event) => [event, () => ({ count: 1 })]),
  );
  assertEquals(codeOf({ on, slow: latest() }), "invalid_handlers");
  assertEquals(codeOf({ on, outgoing: { added: () => undefined } }), "invalid_handlers");
  assertEquals(codeOf({ on, history: { size: 10, ttlMs: 10, snapshotEvery: 0 } }), "invalid_handlers");
  assertEquals(codeOf({ on, outgoing: { poked: () => undefined } }), "accepted");
});

Deno.test("Transact: without a state there is none", async () => {
  await using kit = new AppKit();
  let asked: Promise<unknown> = Promise.resolve();
  kit.app.topic("room:*", {
    join(ctx) {
      asked = Promise.resolve().then(() => ctx.transact(() => []));
      asked.catch(() => {});
    },
  });
  const ada = await connect(kit);
  ada.send(joinFrame("room:1"));
  await kit.settle();
  assertEquals((await assertRejects(() => asked, TroupeError)).code, "no_state");
  assert(true);
});

Deno.test("Transact: what was decided upon events that could not be stored is not stored either", async () => {
  const log = new SlowLog(memoryLog());
  await using kit = new AppKit({ log });
  const codes: string[] = [];
  const unused = { two() {}, poison() {}, nested() {}, later() {}, whisper() {} };
  kit.app.topic(Board, {
    on: {
      ...unused,
      add(ctx, { text }) {
        const added = ctx.transact(({ cards }) => [["added", { text: `${text} behind ${cards.length}` }]]);
        return added.then(
          ({ cards }) => ({ count: cards.length }),
          (error) => ({ count: -codes.push(error.code) }),
        );
      },
    },
  });
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  await kit.settle();
  const bob = await connect(kit);
  bob.send(joinFrame("board:1"));
  await kit.settle();
  ada.send('["1","2","board:1","add",{"text":"a"}]');
  await kit.settle(); // is being stored
  bob.send('["1","2","board:1","add",{"text":"b"}]');
  await kit.settle(); // decided meanwhile, behind a
  log.failing = new Error("the disk is full");
  await log.proceed();
  await kit.settle();
  log.failing = null;
  assertEquals(codes, ["not_stored", "not_stored"]);
  assertEquals([log.waiting, kit.app.system.counters.get("history.unstored")], [0, 2]);
  bob.send('["1","3","board:1","add",{"text":"b"}]');
  await kit.settle();
  await log.proceed();
  await kit.settle();
  assertEquals(payloadsOf(ada, "added"), [{ text: "b behind 0" }]);
});

Deno.test("State: a transaction that the log cannot store is answered so, the channel lives, and the same id may come again", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: true, read: true };
  await using kit = stage({ log });
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  await kit.settle();
  messagesOf(ada);
  const add = (ref: string): void =>
    ada.send(JSON.stringify(["1", ref, "board:1", "add", { text: "a", "troupe:id": "x" }]));
  const replies = (): unknown[] => messagesOf(ada).map(([, ref, , event, payload]) => [ref, event, payload]);

  log.failing = new Error("the disk is full");
  add("2");
  await kit.settle();
  assertEquals(replies(), [["2", "phx_reply", { status: "error", response: { reason: "not_stored" } }]]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("history.unstored"), counters.get("channels.crashed")], [1, 0]);

  log.failing = null;
  add("3");
  await kit.settle();
  assertEquals(replies(), [
    [null, "added", { text: "a" }],
    ["3", "phx_reply", { status: "ok", response: { count: 1 } }],
  ]);
});

Deno.test("State: a transaction that cannot be stored, and that info lets pass, ends its channel alone", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: true, read: true };
  await using kit = stage({ log });
  const ada = await connect(kit);
  const bob = await connect(kit);
  for (const client of [ada, bob]) client.send(joinFrame("board:1"));
  await kit.settle();
  for (const client of [ada, bob]) messagesOf(client);
  log.failing = new Error("the disk is full");
  const [{ id }] = kit.app.connections; // ada's
  kit.app.tell({ connection: id }, "board:1", "a");
  await kit.settle();
  const events = [ada, bob].map((client) => messagesOf(client).map(([, , , event]) => event));
  assertEquals(events, [["phx_error"], []]);
});

Deno.test("State: a transaction whose append is late hears that the topic has ended; stored after all, it is in the state", async () => {
  const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
  log.isSync = { append: false, read: true };
  await using kit = stage({ log, limits: { appendTimeoutMs: 1_000 } });
  const added = kit.app.at(Board, { id: "1" }).transact(() => [["added", { text: "a" }]]);
  await kit.settle();
  await kit.advance(1_000);
  const { code, retryable } = await assertRejects(() => added, TroupeError);
  assertEquals([code, retryable], ["topic_ended", true]);
  await log.proceed();
  await kit.advance(10_000); // behind the backoff
  const ada = await connect(kit);
  ada.send(joinFrame("board:1"));
  await kit.settle();
  const [state] = payloadsOf(ada, "troupe:state") as { state: unknown; offset: number }[];
  assertEquals([state.state, state.offset], [{ cards: ["a"] }, 1]);
});
