import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  App,
  closeSlow,
  defineTopic,
  dropOldest,
  keepAll,
  latest,
  sample,
  type SlowPolicy,
  TroupeError,
} from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { z } from "zod";
import { type Client, connect } from "./client.ts";

/** An app with one topic, somebody who says things in it, and a reader. */
async function setUp(slow: SlowPolicy | undefined, path?: string) {
  const kit = new AppKit();
  kit.app.topic("feed:*", {
    slow,
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return "done";
      },
      push: (ctx, payload) => ctx.push("pushed", payload),
    },
  });
  const reader = await connect(kit, path);
  const speaker = await connect(kit);
  for (const each of [reader, speaker]) each.join("feed:1");
  await kit.settle();
  reader.take();
  const say = async (...payloads: unknown[]): Promise<void> => {
    for (const payload of payloads) speaker.push("feed:1", "say", payload);
    await kit.settle();
  };
  return {
    kit,
    reader,
    say,
    counter: (name: string) => kit.app.system.counters.get(name),
    stall: () => void (reader.connection.socket.bufferedBytes = 65_536),
    async resume(): Promise<void> {
      reader.connection.socket.resume();
      await kit.advance(10);
    },
  };
}

/** What was published, pushed or missed, in short. */
function seen(client: Client): unknown[] {
  return client.take().map(([, , , event, payload]) =>
    event === "troupe:missed" ? { missed: (payload as { count: number }).count } : payload
  );
}

Deno.test("Slow consumers: with every policy, whoever keeps up gets everything, at once", async () => {
  for (const slow of [keepAll(), dropOldest({ max: 1 }), latest(), sample({ everyMs: 1_000 }), closeSlow()]) {
    for (const vsn of ["2.0.0", "2.1.0"]) {
      const { reader, say, counter } = await setUp(slow, `/socket/websocket?vsn=${vsn}`);
      await say(1, 2, 3);
      assertEquals(seen(reader), [1, 2, 3], slow.kind);
      assertEquals(counter("slow.dropped"), 0);
    }
  }
});

Deno.test("Slow consumers: keepAll, the default, keeps all up to the bounds of the outbox, then closes with 1013", async () => {
  for (const slow of [undefined, keepAll()]) {
    const { reader, say, stall, resume, counter } = await setUp(slow);
    stall();
    await say(1, 2, 3);
    await resume();
    assertEquals(seen(reader), [1, 2, 3]);
    stall();
    await say(...Array.from({ length: 130 }, () => "x".repeat(10_000)));
    assertEquals(reader.closed, { code: 1013, reason: "slow consumer: the outbox is full" });
    assertEquals([counter("outbox.overflows"), counter("slow.dropped")], [1, 0]);
  }
});

Deno.test("Slow consumers: dropOldest keeps the newest, and tells how many were missed ahead of them", async () => {
  const { reader, say, stall, resume, counter } = await setUp(dropOldest({ max: 2 }));
  stall();
  await say(1, 2, 3);
  await say(4, 5);
  await resume();
  assertEquals(seen(reader), [{ missed: 3 }, 4, 5]);
  assertEquals([counter("slow.dropped"), counter("slow.dropped.drop_oldest")], [3, 3]);
  await say(6);
  assertEquals(seen(reader), [6]);
});

Deno.test("Slow consumers: latest keeps the newest of each key, in the order of the topic", async () => {
  const key = (_event: string, { of }: { of: string }): string => of;
  const { reader, say, stall, resume, counter } = await setUp(latest({ key }));
  stall();
  await say({ of: "a", n: 1 }, { of: "b", n: 2 }, { of: "a", n: 3 }, { of: "c", n: 4 }, { of: "a", n: 5 });
  await resume();
  assertEquals(seen(reader), [{ missed: 2 }, { of: "b", n: 2 }, { of: "c", n: 4 }, { of: "a", n: 5 }]);
  assertEquals(counter("slow.dropped.latest"), 2);
});

Deno.test("Slow consumers: latest without a key goes by the event", async () => {
  const { reader, say, stall, resume } = await setUp(latest());
  stall();
  await say(1, 2, 3);
  await resume();
  assertEquals(seen(reader), [{ missed: 2 }, 3]);
});

Deno.test("Slow consumers: where the key fails, nothing is left out for it, and it is counted", async () => {
  const key = (_event: string, payload: unknown): string => (payload as string).toUpperCase();
  const { reader, say, stall, resume, counter } = await setUp(latest({ key }));
  stall();
  await say(1, "a", 2, "A");
  await resume();
  assertEquals(seen(reader), [1, { missed: 1 }, 2, "A"]);
  assertEquals(counter("slow.key_failures"), 2);
});

Deno.test("Slow consumers: sample keeps the newest of each interval", async () => {
  const { kit, reader, say, stall, resume, counter } = await setUp(sample({ everyMs: 100 }));
  stall();
  for (let n = 0; n < 30; n++) {
    await say(n);
    await kit.advance(10);
  }
  await resume();
  assertEquals(seen(reader), [{ missed: 27 }, 9, 19, 29]);
  assertEquals(counter("slow.dropped.sample"), 27);
});

Deno.test("Slow consumers: closeSlow closes with 1013 as soon as a publication has to wait", async () => {
  for (const vsn of ["2.0.0", "2.1.0"]) {
    const { reader, say, stall, counter } = await setUp(closeSlow(), `/socket/websocket?vsn=${vsn}`);
    stall();
    reader.push("feed:1", "push", "mine"); // no publication: it may wait
    await say();
    assertEquals(reader.closed, null);
    await say(1);
    assertEquals(reader.closed, { code: 1013, reason: "slow consumer: it fell behind" });
    assertEquals([counter("slow.closed"), counter("connections.slow"), counter("outbox.overflows")], [
      1,
      1,
      0,
    ]);
  }
});

Deno.test("Slow consumers: replies and direct pushes are never dropped, and stay between the publications around them", async () => {
  const { reader, say, stall, resume } = await setUp(dropOldest({ max: 2 }));
  stall();
  await say(1);
  reader.push("feed:1", "push", "a");
  await say(2, 3);
  reader.push("feed:1", "say", "mine");
  reader.push("feed:1", "push", "b");
  await say(4);
  await resume();
  assertEquals(reader.take().map(([, , , event, payload]) => event === "phx_reply" ? "reply" : payload), [
    "a", // behind 1, which is left out
    { count: 3, from: null, to: null },
    "mine",
    "reply", // never ahead of what its handler published
    "b",
    4,
  ]);
});

Deno.test("Slow consumers: two topics on one connection each have their own policy", async () => {
  await using kit = new AppKit();
  const on = {
    say: (ctx: { broadcast(event: string, payload: unknown): void }, payload: unknown): void =>
      ctx.broadcast("said", payload),
  };
  kit.app.topic("all:*", { on }).topic("last:*", { slow: latest(), on });
  const [reader, speaker] = [await connect(kit), await connect(kit)];
  for (const each of [reader, speaker]) {
    each.join("all:1");
    each.join("last:1");
  }
  await kit.settle();
  reader.take();
  reader.connection.socket.bufferedBytes = 65_536;
  for (const n of [1, 2, 3]) {
    for (const topic of ["all:1", "last:1"]) {
      speaker.push(topic, "say", `${topic} ${n}`);
      await kit.settle();
    }
  }
  reader.connection.socket.resume();
  await kit.advance(10);
  assertEquals(seen(reader), ["all:1 1", "all:1 2", "all:1 3", { missed: 2 }, "last:1 3"]);
});

Deno.test("Slow consumers: what one misses, the others get, in the same shared turn as ever", async () => {
  const { kit, say, stall } = await setUp(latest());
  const [one, other] = [await connect(kit), await connect(kit)];
  for (const each of [one, other]) each.join("feed:1");
  await kit.settle();
  one.take();
  other.take();
  stall();
  await say(1, 2, 3);
  assertEquals([seen(one), seen(other)], [[1, 2, 3], [1, 2, 3]]);
  assertEquals(one.connection.socket.turns.at(-1), other.connection.socket.turns.at(-1));
  assert(one.connection.socket.turns.at(-1) === other.connection.socket.turns.at(-1));
});

Deno.test("Slow consumers: a function chooses the policy of each member, when its join is granted", async () => {
  await using kit = new AppKit({ authenticate: ({ token }) => ({ id: token ?? "free" }) });
  kit.app.topic("feed:*", {
    slow: ({ user }) => user.id === "free" ? latest() : keepAll(),
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
  });
  const free = await connect(kit);
  const paid = await connect(kit, undefined, { authorization: "Bearer paid" });
  const speaker = await connect(kit);
  for (const each of [free, paid, speaker]) each.join("feed:1");
  await kit.settle();
  for (const each of [free, paid]) {
    each.take();
    each.connection.socket.bufferedBytes = 65_536;
  }
  for (const n of [1, 2, 3]) speaker.push("feed:1", "say", n);
  await kit.settle();
  for (const each of [free, paid]) each.connection.socket.resume();
  await kit.advance(10);
  assertEquals([seen(free), seen(paid)], [[{ missed: 2 }, 3], [1, 2, 3]]);
});

Deno.test("Slow consumers: a function that fails, or chooses none, crashes the join", async () => {
  const choices = [
    () => {
      throw new Error("boom");
    },
    () => ({ kind: "latest" }) as unknown as SlowPolicy,
  ];
  for (const slow of choices) {
    const logged: unknown[] = [];
    await using kit = new AppKit({
      logger: { log: (_level, _message, fields) => void logged.push(fields?.error) },
    });
    kit.app.topic("feed:*", { slow });
    const client = await connect(kit);
    const ref = client.join("feed:1");
    await kit.settle();
    assertEquals(client.takeBrief(), [`error:${ref}`]);
    assertEquals(logged.length, 1);
  }
});

Deno.test("Slow consumers: a topic with a contract gives its context and payload types", async () => {
  const Prices = defineTopic("prices:{market}", { server: { price: z.object({ symbol: z.string() }) } });
  const app = new App().topic(Prices, {
    slow: (ctx) => ctx.params.market === "quiet" ? keepAll() : latest({ key: symbolOf }),
  });
  await app.close();
});

const symbolOf = (_event: string, { symbol }: { symbol: string }): string => symbol;

Deno.test("A slow-consumer policy that makes no sense is refused at once, naming what is accepted", () => {
  const wrong: [() => unknown, string][] = [
    [() => dropOldest({ max: 0 }), "dropOldest: max is 0. Accepted: a whole number of messages, at least 1"],
    [() => dropOldest({ max: 1.5 }), "max is 1.5"],
    [() => dropOldest({} as { max: number }), "max is undefined"],
    [
      () => dropOldest(undefined as unknown as { max: number }),
      "its options are undefined. Accepted: { max }",
    ],
    [() => dropOldest({ max: 1, min: 2 } as { max: number }), '"min" is not known. Accepted: max'],
    [
      () => latest({ key: "symbol" as unknown as () => string }),
      "latest: key is a string. Accepted: a function",
    ],
    [() => sample({ everyMs: 0 }), "sample: everyMs is 0"],
    [() => sample({ everyMs: Infinity }), "everyMs is Infinity"],
    [
      () => new App().topic("feed:*", { slow: { kind: "latest" } as unknown as SlowPolicy }),
      '"slow" of the topic "feed:*" is an object that none of them made. Accepted: keepAll(), dropOldest({ max })',
    ],
    [() => new App().topic("feed:*", { slow: "latest" as unknown as SlowPolicy }), "is a string"],
  ];
  for (const [misuse, message] of wrong) {
    const error = assertThrows(misuse, TroupeError);
    assertEquals(error.code, "invalid_policy");
    assertStringIncludes(error.message, message);
  }
});

Deno.test("Slow-consumer policies are frozen values", () => {
  for (const policy of [keepAll(), dropOldest({ max: 1 }), latest(), sample({ everyMs: 1 }), closeSlow()]) {
    assert(Object.isFrozen(policy));
  }
});
