import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { App, bytes, defineTopic, refuse } from "../../mod.ts";
import { type ConnectionEvents, follow, TroupeError } from "../../src/client/mod.ts";
import { ClientStage, soon } from "./stage.ts";

const Room = defineTopic("room:{id}", {
  server: { said: z.object({ text: z.string() }), drawn: bytes(), noted: z.object({ n: z.number() }) },
});
/** What a newer server has. */
const Newer = defineTopic("room:{id}", {
  server: {
    said: z.object({ text: z.any() }),
    reacted: z.object({}),
    drawn: bytes(),
    noted: z.object({ n: z.number() }),
  },
});

function roomsApp(): App {
  return new App().topic(Newer, { history: { size: 10, ttlMs: 60_000 } })
    .topic("room:{id}:typing", {})
    .patterns("room:*", {
      join: (_ctx, { key }) => key === "wrong" ? refuse({ reason: "wrong_key" }) : undefined,
      match: (_ctx, topic) => !topic.startsWith("room:secret"),
    });
}

Deno.test("a pattern brings what its topics publish, typed and checked, each with its name and parameters", async () => {
  await using stage = new ClientStage(roomsApp());
  const troupe = stage.connect();
  const rooms = follow(troupe, Room, "room:*");
  await soon(rooms.joined);
  const heard: unknown[][] = [];
  const skipped: ConnectionEvents["skipped"][] = [];
  troupe.on("skipped", (each) => skipped.push(each));
  rooms.on(
    "said",
    ({ topic, params, payload, offset }) => heard.push([topic, params.id, payload.text, offset]),
  );
  const drawn = rooms.events("drawn");
  const { app } = stage;
  app.broadcast("room:1", "said", { text: "a" });
  app.broadcast("room:2", "said", { text: "b" });
  app.broadcast("room:secret", "said", { text: "not for us" });
  app.broadcast("room:1", "reacted", {});
  app.broadcast("room:1", "said", { text: 5 });
  app.broadcast("room:1:typing", "said", { text: "of another contract" });
  app.broadcast("room:1", "said", { text: "c" });
  app.broadcast("room:1", "drawn", new Uint8Array([1, 2]));
  for await (const { params, payload } of drawn) {
    assertEquals([params.id, payload], ["1", new Uint8Array([1, 2])]);
    break;
  }
  while (heard.length < 3 || skipped.length < 3) await new Promise((resolve) => setTimeout(resolve));
  // The order is that of each topic, and of none between them.
  const of = (topic: string) => heard.filter(([name]) => name === topic);
  assertEquals(of("room:1"), [["room:1", "1", "a", 1], ["room:1", "1", "c", 4]]);
  assertEquals(of("room:2"), [["room:2", "2", "b", 1]]);
  assertEquals(heard.length, 3);
  const reasons = skipped.map(({ topic, event, why }) => `${topic} ${event} ${why}`).sort();
  assertEquals(reasons, [
    "room:1 reacted unknown_event",
    "room:1 said invalid_payload",
    "room:1:typing said unknown_event",
  ]);
});

Deno.test("a follower comes back after a drop, and ends with its signal, its leave, or a refusal", async () => {
  await using stage = new ClientStage(roomsApp());
  const troupe = stage.connect();
  const aborter = new AbortController();
  const rooms = follow(troupe, Room, "room:*", { payload: { key: "right" }, signal: aborter.signal });
  await soon(rooms.joined);
  assertEquals(assertThrows(() => follow(troupe, Room, "room:*"), TroupeError).code, "already_joined");
  const before = [...stage.app.connections].map(({ id }) => id);
  stage.app.disconnect({ connection: before[0] });
  const said = rooms.events("said");
  let heard = 0;
  rooms.on("noted", () => heard++);
  // It is back at some time from here on.
  while (heard === 0) {
    stage.app.broadcast("room:1", "noted", { n: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  aborter.abort();
  assertEquals((await soon(rooms.ended)).kind, "left");
  assertEquals(await soon(Array.fromAsync(said)), []);
  const refused = follow(troupe, Room, "room:*", { payload: { key: "wrong" } });
  await soon(assertRejects(() => refused.joined, TroupeError, "wrong_key"));
  const again = follow(troupe, Room, "room:{id}");
  await soon(again.joined);
  await soon(again.leave());
  assertEquals((await again.ended).kind, "left");
});
