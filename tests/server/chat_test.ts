import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { inventNickname, Room } from "../../src/server/chat.ts";
import { type RunningServer, startServer } from "../../src/server/main.ts";
import { Member } from "./member.ts";

/** Runs `test` with a server of its own, and with whoever it lets join. */
async function withServer(
  test: (enter: (params?: object, topic?: string) => Promise<Member>, server: RunningServer) => Promise<void>,
): Promise<void> {
  const server = startServer({ port: 0 });
  const members: Member[] = [];
  try {
    await test(async (params = {}, topic = "room:lobby") => {
      const member = new Member(server.url, topic, params);
      members.push(member);
      await member.join();
      return member;
    }, server);
  } finally {
    await Promise.all(members.map((member) => member.disconnect()));
    await server.close();
  }
}

/** Joins and goes away again. */
async function tryToJoin(server: RunningServer, params: object, topic = "room:lobby"): Promise<unknown> {
  const member = new Member(server.url, topic, params);
  try {
    return await member.join();
  } finally {
    await member.disconnect();
  }
}

Deno.test("a join says which nickname one has", async () => {
  await withServer(async (_enter, server) => {
    assertEquals(await tryToJoin(server, { nickname: "Ada" }), ["ok", { nickname: "Ada" }]);
    assertEquals(await tryToJoin(server, { nickname: " Ada " }), ["ok", { nickname: "Ada" }]);
    const longest = "a".repeat(40);
    assertEquals(await tryToJoin(server, { nickname: longest }), ["ok", { nickname: longest }]);
  });
});

Deno.test("whoever gives no nickname is given one", async () => {
  await withServer(async (enter) => {
    const [ada, nobody] = [await enter({ nickname: "Ada" }), await enter()];
    await nobody.push("say", { text: "hello" });
    assertMatch((await ada.said.take()).by, /^[A-Z][a-z]+ [A-Z][a-z]+ [0-9a-f]{2}$/);
  });
});

Deno.test("an invented nickname is one that a join would accept", () => {
  const uuid = "01234567-89ab-4cde-8f01-23456789abcd";
  const nickname = inventNickname(uuid);
  assertEquals(nickname, inventNickname(uuid));
  assert(nickname.length <= 40);
  assertNotEquals(nickname, inventNickname(`f${uuid.slice(1)}`));
});

for (
  const [what, nickname] of [["too long", "a".repeat(41)], ["empty", ""], ["blank", "  "], ["no text", 7]]
) {
  Deno.test(`a nickname that is ${what} is refused by an error that names the field`, async () => {
    await withServer(async (_enter, server) => {
      const [status, response] = await tryToJoin(server, { nickname }) as [string, {
        reason: string;
        issues: { path: string; message: string }[];
      }];
      assertEquals([status, response.reason], ["error", "invalid_payload"]);
      assertEquals(response.issues.map(({ path }) => path), ["nickname"]);
    });
  });
}

Deno.test("a topic that is no room is refused", async () => {
  await withServer(async (_enter, server) => {
    const [status] = await tryToJoin(server, {}, "hall:1") as [string, unknown];
    assertEquals(status, "error");
  });
});

Deno.test("say replies with the id under which everybody, the sender included, hears it", async () => {
  await withServer(async (enter) => {
    const ada = await enter({ nickname: "Ada" });
    const grace = await enter({ nickname: "Grace" });
    const text = "<b>Zoë</b> 👋\nsecond line";
    const [status, reply] = await ada.push("say", { text });
    const heard = await ada.said.take();
    assertEquals([status, reply], ["ok", { id: heard.id }]);
    assertEquals(heard, await grace.said.take());
    assertEquals(Object.keys(heard).sort(), ["at", "by", "id", "text"]);
    assertEquals([heard.by, heard.text], ["Ada", text]);
    assertEquals(new Date(heard.at).toISOString(), heard.at);
  });
});

Deno.test("everybody hears the messages of a room in the same order", async () => {
  await withServer(async (enter) => {
    const [ada, grace] = [await enter({ nickname: "Ada" }), await enter({ nickname: "Grace" })];
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    await Promise.all(texts.map((text, i) => (i % 2 === 0 ? ada : grace).push("say", { text })));
    const heard = async (member: Member): Promise<string[]> => {
      const ids: string[] = [];
      for (let i = 0; i < texts.length; i++) ids.push((await member.said.take()).id);
      return ids;
    };
    assertEquals(await heard(ada), await heard(grace));
  });
});

Deno.test("rooms do not hear each other", async () => {
  await withServer(async (enter) => {
    const ada = await enter({ nickname: "Ada" }, "room:attic");
    const grace = await enter({ nickname: "Grace" }, "room:cellar");
    await ada.push("say", { text: "up here" });
    await grace.push("say", { text: "down here" });
    assertEquals((await grace.said.take()).text, "down here");
    assertEquals(grace.said.size, 0);
  });
});

for (
  const [what, payload] of [["empty", { text: "" }], ["too long", { text: "a".repeat(2_001) }], [
    "missing",
    {},
  ]] as const
) {
  Deno.test(`a text that is ${what} is refused by an error that names the field, and nobody hears it`, async () => {
    await withServer(async (enter) => {
      const ada = await enter({ nickname: "Ada" });
      const [status, response] = await ada.push("say", payload);
      assertEquals(status, "error");
      const { reason, issues } = response as { reason: string; issues: { path: string }[] };
      assertEquals([reason, issues.map(({ path }) => path)], ["invalid_payload", ["text"]]);
      await ada.push("say", { text: "a".repeat(2_000) });
      assertEquals((await ada.said.take()).text.length, 2_000);
      assertEquals(ada.said.size, 0);
    });
  });
}

Deno.test("typing reaches the others alone", async () => {
  await withServer(async (enter) => {
    const [ada, grace] = [await enter({ nickname: "Ada" }), await enter({ nickname: "Grace" })];
    assertEquals(await ada.push("typing"), ["ok", {}]);
    assertEquals(await grace.typing.take(), { by: "Ada" });
    // Behind it in the room's order: had it come to Ada too, it would be here now.
    await ada.push("say", { text: "done" });
    await ada.said.take();
    assertEquals(ada.typing.size, 0);
  });
});

Deno.test("an event that the room does not know is refused, and the channel lives", async () => {
  await withServer(async (enter) => {
    const ada = await enter({ nickname: "Ada" });
    assertEquals((await ada.push("shout", { text: "hey" }))[0], "error");
    assertEquals((await ada.push("say", { text: "hey" }))[0], "ok");
  });
});

Deno.test("the contract covers one level of rooms", () => {
  assertEquals(Room.pattern.source, "room:{id}");
});
