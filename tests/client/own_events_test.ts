import { assertEquals, assertThrows } from "@std/assert";
import { checkOwnEvent, type Forms } from "../../src/client/own_events.ts";
import { PRESENCE_FORMS } from "../../src/client/presence_forms.ts";
import { MalformedMessage } from "../../src/protocol/codec.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { FakeServer } from "./fake_server.ts";
import { Room } from "./room.ts";
import { soon } from "./stage.ts";

const ENTRIES = { ada: { metas: [{ phx_ref: "1" }] } };

Deno.test("events of the protocol's own have a form: presence its entries, all others an object", () => {
  const fits: [string, unknown][] = [
    ["presence_state", ENTRIES],
    ["presence_state", {}],
    ["presence_diff", { joins: ENTRIES, leaves: {} }],
    ["troupe:presence", { count: 3 }],
    ["troupe:presence", { count: 3, sample: ENTRIES }],
    ["troupe:presence", { count: 3, page: ENTRIES, next: null }],
    ["troupe:missed", { count: 1 }],
    ["said", null],
    ["toString", null],
  ];
  const misses: [string, unknown][] = [
    ["presence_state", null],
    ["presence_state", { ada: null }],
    ["presence_state", { ada: { metas: {} } }],
    ["presence_state", { ada: { metas: [null] } }],
    ["presence_diff", {}],
    ["presence_diff", { joins: ENTRIES }],
    ["troupe:presence", { count: "3" }],
    ["troupe:presence", { count: 3, page: [] }],
    ["troupe:going-away", null],
    ["troupe:state", undefined],
    ["troupe:missed", "1"],
    ["troupe:request", []],
  ];
  const forms: Forms = Object.assign(Object.create(null), PRESENCE_FORMS);
  for (const [event, payload] of fits) checkOwnEvent(event, payload, forms);
  for (const [event, payload] of misses) {
    assertThrows(() => checkOwnEvent(event, payload, forms), MalformedMessage, event);
  }
});

Deno.test("a message that the client cannot read is told and left out; the rest of its batch, and what follows, is heard", async () => {
  await using server = new FakeServer();
  const client = server.connect();
  const faults: unknown[] = [];
  client.on("failed", ({ error }) => void faults.push((error as Error).name));
  const room = client.join(Room, { id: "1" });
  const heard: string[] = [];
  room.on("said", ({ text }) => void heard.push(text));
  const connection = await server.accept();
  const { joinRef } = await connection.welcome({ motd: "m" });
  await soon(room.joined);
  const said = (text: string) => phoenixV21.publication("room:1", "said", { by: "me", text }, null);
  connection.onmessage({ data: "no JSON" });
  connection.onmessage({ data: `["${joinRef}",null,"room:1","presence_state",null]` });
  connection.onmessage({ data: '[null,null,"troupe","troupe:going-away",null]' });
  connection.write(
    said("a"),
    phoenixV21.push(joinRef, "room:1", "troupe:presence", { count: null }),
    said("b"),
  );
  const last = room.next("said");
  connection.write(said("c"));
  await soon(last);
  assertEquals(heard, ["a", "b", "c"]);
  assertEquals(faults, Array(4).fill("MalformedMessage"));
  assertEquals(client.counters["messages.malformed"], 4);
});

Deno.test("a question of the server's that is none is not answered, and nothing rejects", async () => {
  await using server = new FakeServer();
  const room = server.connect().join(Room, { id: "1" });
  room.answer("poll", () => ({ yes: true }));
  const connection = await server.accept();
  const { joinRef } = await connection.welcome({ motd: "m" });
  await soon(room.joined);
  const ask = (question: unknown) =>
    connection.write(phoenixV21.push(joinRef, "room:1", "troupe:request", question));
  for (const none of [{}, { id: 1, event: "poll" }, { id: "q" }]) ask(none);
  ask({ id: "last", event: "poll", payload: { question: "?" } });
  const { event, payload } = await connection.next();
  assertEquals([event, payload], ["troupe:answer", { id: "last", status: "ok", response: { yes: true } }]);
  assertEquals(connection.untaken, 0);
});
