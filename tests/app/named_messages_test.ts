import { assertEquals } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";
import { joinFrame, messagesOf, responseOf } from "./messages.ts";

function stage(limits = {}) {
  const kit = new AppKit({ limits });
  const seen: unknown[] = [];
  const waiting: (() => void)[] = [];
  kit.app.topic("room:{id}", {
    on: {
      say(ctx, payload) {
        seen.push(payload);
        ctx.broadcast("said", payload);
        return { n: seen.length };
      },
      quiet: () => void seen.push("quiet"),
      slow: (_ctx, payload) => new Promise((resolve) => waiting.push(() => resolve(payload))),
      boom() {
        seen.push("boom");
        throw new Error("boom");
      },
    },
  });
  return { kit, seen, waiting };
}

const push = (ref: string, event: string, id: unknown, payload: object = {}): string =>
  JSON.stringify(["1", ref, "room:1", event, { ...payload, "troupe:id": id }]);

async function joinedClient(kit: AppKit) {
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  await kit.settle();
  messagesOf(client);
  return client;
}

Deno.test("A message that is sent again under its id takes effect once, and is answered alike", async () => {
  const { kit, seen } = stage();
  await using _kit = kit;
  const client = await joinedClient(kit);
  client.send(push("2", "say", "a", { text: "hi" }));
  client.send(push("3", "say", "a", { text: "hi" }));
  client.send(push("4", "say", "b", { text: "ho" }));
  client.send(push("5", "quiet", "c"));
  client.send(push("6", "quiet", "c"));
  await kit.settle();
  assertEquals(seen, [{ text: "hi" }, { text: "ho" }, "quiet"], "the handler sees no id");
  const messages = messagesOf(client);
  assertEquals(messages.filter(([, , , event]) => event === "said").length, 2);
  assertEquals(
    messages.filter(([, , , event]) => event === "phx_reply").map((each) => [each[1], responseOf(each)]),
    [["2", { n: 1 }], ["3", { n: 1 }], ["4", { n: 2 }], ["5", {}], ["6", {}]],
  );
  assertEquals(kit.app.system.counters.get("publishes.repeated"), 2);
});

Deno.test("A repetition of what is still being handled waits for its answer", async () => {
  const { kit, waiting } = stage();
  await using _kit = kit;
  const client = await joinedClient(kit);
  for (const ref of ["2", "3", "4"]) client.send(push(ref, "slow", "a", { n: 1 }));
  await kit.settle();
  assertEquals([messagesOf(client), waiting.length], [[], 1]);
  waiting[0]();
  await kit.settle();
  assertEquals(messagesOf(client).map((each) => [each[1], responseOf(each)]), [
    ["2", { n: 1 }],
    ["3", { n: 1 }],
    ["4", { n: 1 }],
  ]);
});

Deno.test("What a crash leaves without an answer may come again", async () => {
  const { kit, seen } = stage();
  await using _kit = kit;
  const client = await joinedClient(kit);
  client.send(push("2", "boom", "a"));
  await kit.settle();
  client.send(joinFrame("room:1"));
  client.send(push("3", "boom", "a"));
  await kit.settle();
  assertEquals(seen, ["boom", "boom"]);
});

Deno.test("A session remembers the newest of its named messages", async () => {
  const { kit, seen } = stage({ dedupeWindow: 2 });
  await using _kit = kit;
  const client = await joinedClient(kit);
  for (const id of ["a", "b", "c", "a", "c"]) client.send(push("2", "quiet", id));
  await kit.settle();
  assertEquals(seen.length, 4, "a was forgotten, c was not");
  assertEquals(kit.app.system.counters.get("publishes.forgotten"), 2);
});

Deno.test("A session does not forget a message while a repetition waits for its answer, whatever else comes", async () => {
  const { kit, waiting } = stage({ dedupeWindow: 2 });
  await using _kit = kit;
  const client = await joinedClient(kit);
  client.send(joinFrame("room:2", {}, "other"));
  for (const ref of ["2", "3"]) client.send(push(ref, "slow", "a", { n: 1 }));
  for (const id of ["b", "c", "d"]) {
    client.send(JSON.stringify(["other", id, "room:2", "quiet", { "troupe:id": id }]));
  }
  await kit.settle();
  messagesOf(client);
  waiting[0]();
  await kit.settle();
  assertEquals(messagesOf(client).map(([, ref]) => ref), ["2", "3"]);
  assertEquals(kit.app.system.counters.get("publishes.forgotten"), 2);
});

Deno.test("An id that is none is refused, and says what is accepted", async () => {
  const { kit, seen } = stage();
  await using _kit = kit;
  const client = await joinedClient(kit);
  for (const id of ["", "x".repeat(65), 7, null, {}]) client.send(push("2", "quiet", id));
  await kit.settle();
  assertEquals(seen, []);
  for (const message of messagesOf(client)) {
    assertEquals(responseOf(message), {
      reason: "invalid_payload",
      issues: [{ path: "troupe:id", message: "expected a string of 1 to 64 characters" }],
    });
  }
});

Deno.test("A client that comes back to its session repeats what it has not heard of, and it takes effect once", async () => {
  const kit = new AppKit({ limits: { graceMs: 10_000 }, authenticate: () => ({ id: "ada" }) });
  await using _kit = kit;
  let count = 0;
  kit.app.topic("room:{id}", { on: { add: () => ({ count: ++count }) } });
  const before = await kit.connect("/socket/websocket?vsn=2.1.0");
  before.send(joinFrame("room:1"));
  await kit.settle();
  const { session } = responseOf<{ troupe: { session: string } }>(messagesOf(before)[0]).troupe;
  before.send(push("2", "add", "a"));
  before.close(1006); // the answer is lost
  await kit.settle();
  const after = await kit.connect("/socket/websocket?vsn=2.1.0");
  after.send(joinFrame("room:1", { "troupe:session": session }));
  after.send(push("2", "add", "a"));
  await kit.settle();
  assertEquals(responseOf(messagesOf(after)[1]), { count: 1 });
  assertEquals(count, 1);
});
