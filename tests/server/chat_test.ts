import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { addChat, inventNickname, Room } from "../../src/server/chat.ts";
import { type TestChannel, type TestKit, testKit } from "../../src/testing/mod.ts";

const app = new App();
addChat(app);

/** Somebody new in a room. */
async function enter(kit: TestKit, nickname?: string, id = "lobby"): Promise<TestChannel<typeof Room>> {
  return await (await kit.connect()).join(Room, { id }, { nickname });
}

/** What somebody is answered who is refused. */
async function refusal(attempt: Promise<unknown>): Promise<{ reason: string; issues: { path: string }[] }> {
  const { details } = await assertRejects(() => attempt, TroupeError);
  return details.response as { reason: string; issues: { path: string }[] };
}

Deno.test("a join says which nickname one has, and what time it is", async () => {
  await using kit = testKit(app);
  const longest = "a".repeat(40);
  for (const [given, nickname] of [["Ada", "Ada"], [" Ada ", "Ada"], [longest, longest]]) {
    assertEquals((await enter(kit, given)).reply, {
      nickname,
      at: new Date(kit.clock.now()).toISOString(),
    });
  }
});

Deno.test("whoever gives no nickname is given one", async () => {
  await using kit = testKit(app);
  const [ada, nobody] = [await enter(kit, "Ada"), await enter(kit)];
  await nobody.send("say", { text: "hello" });
  const { by } = await ada.next("said");
  assertMatch(by, /^[A-Z][a-z]+ [A-Z][a-z]+ [0-9a-f]{2}$/);
  assertEquals(by, nobody.reply.nickname);
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
    await using kit = testKit(app);
    const ada = await kit.connect();
    const { reason, issues } = await refusal(ada.join("room:lobby", { nickname }));
    assertEquals([reason, issues.map(({ path }) => path)], ["invalid_payload", ["nickname"]]);
  });
}

Deno.test("a topic that is no room is refused", async () => {
  await using kit = testKit(app);
  const ada = await kit.connect();
  assertEquals((await refusal(ada.join("hall:1"))).reason, "unmatched topic");
});

Deno.test("say replies with the id under which everybody, the sender included, hears it", async () => {
  await using kit = testKit(app);
  const [ada, grace] = [await enter(kit, "Ada"), await enter(kit, "Grace")];
  const text = "<b>Zoë</b> 👋\nsecond line";
  const reply = await ada.send("say", { text });
  const heard = await ada.next("said");
  assertEquals(reply, { id: heard.id });
  assertEquals(heard, await grace.next("said"));
  assertEquals(heard, { id: heard.id, by: "Ada", text, at: new Date(kit.clock.now()).toISOString() });
});

Deno.test("everybody hears the messages of a room in the same order", async () => {
  await using kit = testKit(app, { seed: 3, shuffle: true });
  const [ada, grace] = [await enter(kit, "Ada"), await enter(kit, "Grace")];
  const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  await Promise.all(texts.map((text, i) => (i % 2 === 0 ? ada : grace).send("say", { text })));
  const heard = ada.take("said");
  assertEquals(heard.length, texts.length);
  assertEquals(heard, grace.take("said"));
});

Deno.test("rooms do not hear each other", async () => {
  await using kit = testKit(app);
  const [ada, grace] = [await enter(kit, "Ada", "attic"), await enter(kit, "Grace", "cellar")];
  await ada.send("say", { text: "up here" });
  await grace.send("say", { text: "down here" });
  assertEquals((await grace.next("said")).text, "down here");
  assertEquals(grace.take(), []);
});

for (
  const [what, payload] of [["empty", { text: "" }], ["too long", { text: "a".repeat(2_001) }], [
    "missing",
    {},
  ]] as const
) {
  Deno.test(`a text that is ${what} is refused by an error that names the field, and nobody hears it`, async () => {
    await using kit = testKit(app);
    const ada = await (await kit.connect()).join("room:lobby");
    const { reason, issues } = await refusal(ada.send("say", payload));
    assertEquals([reason, issues.map(({ path }) => path)], ["invalid_payload", ["text"]]);
    await ada.send("say", { text: "a".repeat(2_000) });
    assertEquals((await ada.next("said") as { text: string }).text.length, 2_000);
    assertEquals(ada.take(), []);
  });
}

Deno.test("typing reaches the others alone", async () => {
  await using kit = testKit(app);
  const [ada, grace] = [await enter(kit, "Ada"), await enter(kit, "Grace")];
  assertEquals(await ada.send("typing"), {});
  assertEquals(await grace.next("typing"), { by: "Ada" });
  assertEquals(ada.take(), []);
});

Deno.test("everybody in a room is present there, by nickname, until they leave", async () => {
  await using kit = testKit(app);
  const [ada, grace] = [await enter(kit, "Ada"), await enter(kit, " Grace ")];
  await kit.settle();
  const names = ({ presence }: typeof ada): string[] =>
    [...presence.values()].flatMap((metas) => metas.map(({ nickname }) => nickname as string)).sort();
  assertEquals([names(ada), names(grace)], [["Ada", "Grace"], ["Ada", "Grace"]]);
  await grace.leave();
  await kit.settle();
  assertEquals(names(ada), ["Ada"]);
});

Deno.test("what was said is kept for who comes later, with its order and ids; that somebody typed is not", async () => {
  await using kit = testKit(app);
  const ada = await enter(kit, "Ada");
  const said = [];
  for (const text of ["one", "two", "three"]) {
    await ada.send("typing");
    said.push(await ada.send("say", { text }));
  }
  const late = await (await kit.connect()).join("room:lobby", { nickname: "Grace", troupe: { last: 2 } });
  await kit.settle();
  const heard = late.take().filter(({ event }) => event === "said" || event === "typing");
  assertEquals(heard.map(({ payload }) => payload), ada.take("said").slice(1).map(({ payload }) => payload));
  assertEquals(heard.map(({ payload }) => ({ id: (payload as { id: string }).id })), said.slice(1));
});

Deno.test("an event that the room does not know is refused, and the channel lives", async () => {
  await using kit = testKit(app);
  const ada = await (await kit.connect()).join("room:lobby");
  assertEquals((await refusal(ada.send("shout", { text: "hey" }))).reason, "unknown_event");
  await ada.send("say", { text: "hey" });
});

Deno.test("the contract covers one level of rooms", () => {
  assertEquals(Room.pattern.source, "room:{id}");
});
