import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { bytes, defineTopic, Refusal, refuse, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { joinFrame, messagesOf } from "./messages.ts";

const Counter = defineTopic("counter:{id}", {
  server: { added: z.object({ by: z.number() }), drawn: bytes() },
  state: { schema: z.number(), initial: 0, apply: { added: (sum, { by }) => sum + by } },
});
const Lobby = defineTopic("lobby", { server: { said: z.object({ text: z.string() }) } });

function stage(): AppKit {
  const kit = new AppKit();
  kit.app.topic(Counter, {}).topic(Lobby, {});
  return kit;
}

Deno.test("app.at: publishes to the members of one topic, typed by its contract", async () => {
  await using kit = stage();
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("lobby"));
  client.send(joinFrame("counter:7"));
  await kit.settle();
  messagesOf(client);
  const lobby = kit.app.at(Lobby);
  assertEquals([lobby.name, lobby.memberCount, kit.app.at(Counter, { id: "8" }).memberCount], [
    "lobby",
    1,
    0,
  ]);
  lobby.broadcast("said", { text: "hi" });
  kit.app.at(Counter, { id: "7" }).broadcast("added", { by: 2 });
  kit.app.at(Counter, { id: "7" }).broadcastBytes("drawn", new Uint8Array([1]));
  await kit.settle();
  assertEquals(messagesOf(client).map(([, , topic, event, , offset]) => [topic, event, offset]), [
    ["lobby", "said", undefined],
    ["counter:7", "added", 1],
  ]);
  // @ts-expect-error: the contract has no such event
  assertThrows(() => lobby.broadcast("shouted", {}), TroupeError, "no such event");
  // @ts-expect-error: text is no number
  assertThrows(() => lobby.broadcast("said", { text: 7 }), TroupeError, "at text");
  // @ts-expect-error: the pattern has a parameter
  assertThrows(() => kit.app.at(Counter), TroupeError);
});

Deno.test("app.at: transacts in a topic, which is started for it, and may be asked again when it has ended", async () => {
  await using kit = stage();
  const counter = kit.app.at(Counter, { id: "7" });
  for (const expected of [1, 2]) {
    const asked = counter.transact((sum) => [["added", { by: sum === 0 ? 1 : sum }]]);
    await kit.settle();
    assertEquals(await asked, expected);
    await kit.advance(20_000);
    assertEquals(kit.app.topics.size, 0);
  }
  const refused = counter.transact(() => refuse({ reason: "no" }));
  await kit.settle();
  await assertRejects(
    () =>
      refused.catch((thrown) => Promise.reject(thrown instanceof Refusal ? new Error("refused") : thrown)),
    Error,
    "refused",
  );
  const cut = counter.transact((sum) => [["added", { by: sum }]]);
  kit.app.topics.close("counter:7", "closing");
  await kit.settle();
  const outcome = await cut.then(() => "done", (error) => (error as TroupeError).code);
  assertEquals(["done", "channel_ended", "topic_ended"].includes(outcome), true);
  assertThrows(() => void kit.app.at(Lobby).transact(() => []), TroupeError, "no state");
});

Deno.test("app.at: a contract that the app was not given is named", async () => {
  await using kit = new AppKit();
  const error = assertThrows(() => kit.app.at(Lobby), TroupeError);
  assertEquals(error.code, "unmatched_topic");
});
