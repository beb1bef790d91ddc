import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { defineTopic, TroupeError } from "../../mod.ts";
import { AppKit, type FakeConnection } from "../../src/testing/mod.ts";

const Room = defineTopic("room:{id}", {
  requests: {
    poll: { payload: z.object({ question: z.string() }), reply: z.object({ yes: z.boolean() }) },
    pick: { payload: z.object({ until: z.string().transform(Number) }), reply: z.string().transform(Number) },
  },
});

function newKit(): AppKit {
  const kit = new AppKit({ authenticate: ({ params }) => ({ id: params.user }) });
  kit.app.topic(Room, {});
  return kit;
}

async function member(kit: AppKit, user: string): Promise<FakeConnection> {
  const client = await kit.connect(`/socket/websocket?vsn=2.0.0&user=${user}`);
  client.send('["j","j","room:1","phx_join",{}]');
  await kit.settle();
  client.take();
  return client;
}

const answer = (client: FakeConnection, id: string, status: string, response: unknown): void =>
  client.send(JSON.stringify(["j", "1", "room:1", "troupe:answer", { id, status, response }]));

const ROOM_1 = [Room, { id: "1" }] as const;

Deno.test("app.request asks a connection that is named, and no other", async () => {
  await using kit = newKit();
  const [phone, tablet] = [await member(kit, "ada"), await member(kit, "ada")];
  const [{ id }] = kit.app.connections.ofUser("ada");
  const asked = kit.app.request({ connection: id }, ROOM_1, "poll", { question: "tea?" });
  await kit.settle();
  assertEquals([phone.take().length, tablet.take().length], [1, 0]);
  answer(phone, "1", "ok", { yes: true });
  assertEquals(await asked, { yes: true });
});

Deno.test("app.request asks all connections of a user, and the first good answer counts", async () => {
  await using kit = newKit();
  const [phone, tablet] = [await member(kit, "ada"), await member(kit, "ada")];
  const asked = kit.app.request({ user: "ada" }, ROOM_1, "poll", { question: "tea?" });
  answer(phone, "1", "error", { reason: "busy" });
  answer(tablet, "1", "ok", { yes: false });
  assertEquals(await asked, { yes: false });
});

Deno.test("app.request rejects with the fault of the first where no answer is good", async () => {
  await using kit = newKit();
  const [phone, tablet] = [await member(kit, "ada"), await member(kit, "ada")];
  const asked = kit.app.request({ user: "ada" }, ROOM_1, "poll", { question: "tea?" });
  tablet.close();
  answer(phone, "1", "error", { reason: "busy" });
  assertEquals((await assertRejects(() => asked, TroupeError)).code, "request_refused");
});

Deno.test("app.request rejects where nobody is meant", async () => {
  await using kit = newKit();
  await member(kit, "ada");
  for (const [user, id] of [["bob", "1"], ["ada", "2"]]) {
    const error = await assertRejects(
      () => kit.app.request({ user }, [Room, { id }], "poll", { question: "tea?" }),
      TroupeError,
    );
    assertEquals(error.code, "no_member");
  }
});

Deno.test("types: app.request takes what the contract takes, and resolves with what it makes", async () => {
  await using kit = newKit();
  const { app } = kit;
  const client = await member(kit, "ada");
  const picked: Promise<number> = app.request({ user: "ada" }, ROOM_1, "pick", { until: "7" });
  answer(client, "1", "ok", "42");
  assertEquals(await picked, 42);
  const wrong = [
    // @ts-expect-error the contract has no such request
    () => app.request({ user: "ada" }, ROOM_1, "nap", {}),
    // @ts-expect-error a field has another type
    () => app.request({ user: "ada" }, ROOM_1, "poll", { question: 7 }),
    // @ts-expect-error a field is missing
    () => app.request({ user: "ada" }, ROOM_1, "poll", {}),
    // @ts-expect-error the payload is what the schema takes in, not what it makes
    () => app.request({ user: "ada" }, ROOM_1, "pick", { until: 7 }),
    // @ts-expect-error a parameter is missing
    () => app.request({ user: "ada" }, [Room, {}], "poll", { question: "tea?" }),
    // @ts-expect-error the reply has another type
    async (): Promise<string> => await app.request({ user: "ada" }, ROOM_1, "pick", { until: "7" }),
    // @ts-expect-error one user, or one connection
    () => app.request("all", ROOM_1, "pick", { until: "7" }),
  ];
  assertEquals(wrong.length, 7);
});

Deno.test("types: ctx.request takes what the contract takes, and resolves with what it makes", async () => {
  const Asking = defineTopic("asking", { client: { go: {} }, ...Room.definition });
  await using kit = new AppKit();
  kit.app.topic(Asking, {
    join(ctx) {
      // @ts-expect-error nothing can be asked before the join is answered
      if (ctx.topic === "never") ctx.request("poll", { question: "tea?" });
    },
    on: {
      async go(ctx) {
        if (ctx.topic === "asking") return;
        const { yes }: { yes: boolean } = await ctx.request("poll", { question: "tea?" }, { timeoutMs: 1 });
        const until: number = await ctx.request("pick", { until: "7" });
        // @ts-expect-error the contract has no such request
        void ctx.request("nap", { yes, until });
        // @ts-expect-error a field has another type
        void ctx.request("poll", { question: 7 });
      },
    },
  });
});

Deno.test("types: without a contract, anything can be asked, and nothing is known of the answer", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:{id}", {
    on: {
      async go(ctx) {
        const answer: unknown = await ctx.request("anything", [1, 2, 3]);
        // @ts-expect-error nothing is known of it
        return answer.yes;
      },
    },
  });
});
