// What a test's client remembers of a topic across its connections, against the real app.
import { assertEquals } from "@std/assert";
import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { type JoinHistory, type TestChannel, type TestClient, testKit } from "../../src/testing/mod.ts";

const added = z.object({ by: z.number() });
const Sum = defineTopic("sum:{id}", {
  join: { reply: z.array(z.number()) },
  client: { add: { payload: added } },
  server: { added, noted: z.object({ text: z.string() }) },
  state: {
    schema: z.object({ sum: z.number() }),
    initial: { sum: 0 },
    apply: { added: ({ sum }, { by }) => ({ sum: sum + by }) },
  },
});

const News = defineTopic("news:{id}", { client: { tell: {} }, server: { told: z.object({}) } });

const app: App = new App({ limits: { topicIdleMs: 3_600_000 } }).topic(Sum, {
  history: { size: 5, ttlMs: 3_600_000 },
  join: () => [1, 2],
  on: {
    add(ctx, { by }) {
      ctx.broadcast("added", { by });
      ctx.broadcast("noted", { text: "for those who are here" }, { ephemeral: true });
    },
  },
});

app.topic(News, {
  history: { size: 5, ttlMs: 3_600_000 },
  on: { tell: (ctx) => ctx.broadcast("told", {}) },
});

async function add(channel: TestChannel<typeof Sum>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await channel.send("add", { by: 1 });
}

async function enter(client: TestClient): Promise<TestChannel<typeof Sum>> {
  return await client.join(Sum, { id: "1" });
}

Deno.test("A client folds the state from its snapshot and what follows, by the contract's own functions", async () => {
  await using kit = testKit(app);
  const ada = await enter(await kit.connect());
  assertEquals([ada.state, ada.reply], [{ sum: 0 }, [1, 2]]);
  await add(ada, 3);
  const bob = await enter(await kit.connect());
  assertEquals([ada.state, bob.state], [{ sum: 3 }, { sum: 3 }]);
  await add(bob, 1);
  assertEquals([ada.state.sum satisfies number, bob.state], [4, { sum: 4 }]);
  assertEquals(bob.position, { epoch: bob.position!.epoch, offset: 4 });
});

Deno.test("A client that comes back gets what it has missed, once, and goes on with its state", async () => {
  await using kit = testKit(app);
  const [client, other] = [await kit.connect(), await kit.connect()];
  const [ada, bob] = [await enter(client), await enter(other)];
  await add(bob, 2);
  ada.take();
  await client.drop();
  await add(bob, 3);
  await client.reconnect();
  assertEquals(ada.recovery, { outcome: "recovered", gap: null });
  assertEquals(ada.take().map(({ event, offset }) => [event, offset]), [["added", 3], ["added", 4], [
    "added",
    5,
  ]]);
  assertEquals([ada.state, ada.position], [{ sum: 5 }, bob.position]);
});

Deno.test("A client that was away for too long knows what it has lost", async () => {
  await using kit = testKit(app);
  const [client, other] = [await kit.connect(), await kit.connect()];
  const [ada, bob] = [await client.join(News, { id: "1" }), await other.join(News, { id: "1" })];
  await client.drop();
  for (let i = 0; i < 8; i++) await bob.send("tell");
  await client.reconnect();
  assertEquals(ada.recovery, { outcome: "partial", gap: { from: 1, to: 3 } });
  assertEquals(ada.take().map(({ offset }) => offset), [4, 5, 6, 7, 8]);
  assertEquals([ada.position, ada.state], [bob.position, undefined]);
});

Deno.test("A message that is sent again under its id takes effect once", async () => {
  await using kit = testKit(app);
  const ada = await enter(await kit.connect());
  for (let i = 0; i < 3; i++) assertEquals(await ada.send("add", { by: 1 }, { id: "first" }), {});
  await ada.send("add", { by: 1 }, { id: "second" });
  assertEquals(ada.state, { sum: 2 });
});

Deno.test("A client may ask for the newest of the history, or for all behind a position", async () => {
  await using kit = testKit(app);
  const first = await enter(await kit.connect());
  await add(first, 4);
  const offsets = async (history: JoinHistory, state?: object): Promise<unknown[]> => {
    const channel = await (await kit.connect()).join(Sum, { id: "1" }, undefined, { history });
    assertEquals(channel.state as unknown, state);
    return channel.take("added").map(({ offset }) => offset);
  };
  assertEquals(await offsets({}, { sum: 4 }), []);
  assertEquals(await offsets({ last: 2 }, { sum: 4 }), [3, 4]);
  assertEquals(await offsets({ after: { offset: 0 } }, { sum: 4 }), [1, 2, 3, 4]);
  // Whoever says that it has seen what came before has a state, for all the server knows.
  assertEquals(await offsets({ after: { epoch: first.position!.epoch, offset: 3 } }), [4]);
});

Deno.test("Each kit begins with empty histories", async () => {
  for (let i = 0; i < 2; i++) {
    await using kit = testKit(app);
    const ada = await enter(await kit.connect());
    assertEquals(ada.position?.offset, 0);
    await add(ada, 1);
  }
});
