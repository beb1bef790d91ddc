import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";

Deno.test("Each kit begins the same app afresh, and a handler that calls the app calls the one that is tested", async () => {
  const app: App = new App().topic("room:{id}", {
    on: { say: (ctx, payload) => app.broadcast(ctx.topic, "said", payload) },
  });
  for (let i = 0; i < 3; i++) {
    await using kit = testKit(app);
    assertEquals(app.connections.size, 0);
    const client = await kit.connect();
    const room = await client.join("room:1");
    await room.push("say", { i });
    assertEquals(await room.next("said"), { i });
    assertEquals([...app.topics].map(({ name, memberCount }) => [name, memberCount]), [["room:1", 1]]);
  }
});

Deno.test("An app that was used before is tested by a function that makes it", async () => {
  assertThrows(
    () => {
      const app = new App();
      app.limits.set({ maxChannels: 1 });
      testKit(app);
    },
    TroupeError,
    "app.limits has been used already",
  );

  await using kit = testKit((ports) => {
    const app = new App(ports).topic("room:{id}", {});
    app.limits.set({ maxChannels: 1 });
    return app;
  });
  const ada = await kit.connect();
  await ada.join("room:1");
  await assertRejects(() => ada.join("room:2"), TroupeError, "too many channels joined");
});

Deno.test("The same seed gives the same run, with the ready actors shuffled", async () => {
  const app = new App().topic("room:{id}", {
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", { id: ctx.uuid(), payload });
        return {};
      },
    },
  });
  const run = async (seed: number): Promise<unknown> => {
    await using kit = testKit(app, { seed, shuffle: true });
    const clients = await Promise.all(Array.from({ length: 10 }, () => kit.connect()));
    const rooms = await Promise.all(clients.map((client) => client.join("room:1")));
    await Promise.all(rooms.map((room, i) => room.send("say", i)));
    return rooms[0].take("said");
  };
  assertEquals(await run(7), await run(7));
  assert(JSON.stringify(await run(7)) !== JSON.stringify(await run(8)));
});

Deno.test("A kit closes what it tested, even where a handler never ends, and leaves no timer", async () => {
  const app = new App().topic("room:{id}", { on: { never: () => new Promise<void>(() => {}) } });
  const kit = testKit(app);
  const ada = await kit.connect();
  const room = await ada.join("room:1");
  await assertRejects(() => room.send("never", {}, { patienceMs: 0 }), TroupeError, "never was not answered");
  await kit[Symbol.asyncDispose]();
  assertEquals([ada.closed?.code, ada.isOpen, room.status], [1012, false, "dropped"]);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("A kit's log lines go where it says", async () => {
  const lines: string[] = [];
  const app = new App().topic("room:{id}", { join: (ctx) => ctx.log.log("info", "hello") });
  await using kit = testKit(app, { logger: { log: (_level, message) => void lines.push(message) } });
  await (await kit.connect()).join("room:1");
  assertEquals(lines, ["hello"]);
});
