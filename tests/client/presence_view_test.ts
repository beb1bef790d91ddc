import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { TroupeError } from "../../src/client/mod.ts";
import { phoenixV21 } from "../../src/protocol/mod.ts";
import { type FakeConnection, FakeServer } from "./fake_server.ts";
import { ClientStage, soon } from "./stage.ts";

const Room = defineTopic("room", {});

type Keys = Record<string, string[]>;

/** `{ ada: ["1", "2"] }`: the refs of each key's presences. */
function entries(keys: Keys): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(keys).map((
      [key, refs],
    ) => [key, { metas: refs.map((phx_ref) => ({ phx_ref, name: `the ${key}` })) }]),
  );
}

function state(connection: FakeConnection, joinRef: string, keys: Keys): void {
  connection.write(phoenixV21.push(joinRef, "room", "presence_state", entries(keys)));
}

function diff(connection: FakeConnection, joins: Keys, leaves: Keys = {}): void {
  const payload = { joins: entries(joins), leaves: entries(leaves) };
  connection.write(phoenixV21.publication("room", "presence_diff", payload, null));
}

Deno.test("who is there, who comes, who goes, and what a reconnect has changed", async () => {
  await using server = new FakeServer();
  const room = server.connect().join(Room, {});
  const { presence } = room;
  const told: string[] = [];
  presence.on("join", ({ key, metas, isFirst }) => told.push(`+${key} ${metas[0].phx_ref} ${isFirst}`));
  presence.on("leave", ({ key, metas, isLast }) => told.push(`-${key} ${metas[0].phx_ref} ${isLast}`));
  presence.on("change", ({ size }) => told.push(`=${size}`));
  const first = await server.accept();
  const { joinRef } = await first.welcome();
  diff(first, { bob: ["2"] }); // before the state: kept until it is there
  assertEquals([presence.size, told], [0, []]);
  state(first, joinRef, { ada: ["1"] });
  assertEquals(told.splice(0), ["+ada 1 true", "+bob 2 true", "=2"]);
  assertEquals([...presence].map(({ key }) => key), ["ada", "bob"]);
  assertEquals(presence.get("ada"), { key: "ada", metas: [{ phx_ref: "1", name: "the ada" }] });
  assertEquals([presence.get("eve"), presence.has("eve"), presence.has("bob")], [undefined, false, true]);
  diff(first, { ada: ["3"] });
  diff(first, {}, { ada: ["1"], bob: ["2"] });
  assertEquals(told.splice(0), ["+ada 3 false", "=2", "-ada 1 false", "-bob 2 true", "=1"]);
  first.drop();
  assertEquals(presence.size, 1); // what it knew, until it is told anew
  const second = await server.accept();
  const again = await second.welcome();
  state(second, again.joinRef, { bob: ["9"] });
  assertEquals(told, ["+bob 9 true", "-ada 3 true", "=1"]);
  await soon(room.leave());
});

Deno.test("a difference whose state never came is no part of the next state", async () => {
  await using server = new FakeServer();
  const room = server.connect().join(Room, {});
  const first = await server.accept();
  await first.welcome();
  diff(first, { ada: ["1"] });
  first.drop(); // ahead of the state
  const second = await server.accept();
  const { joinRef } = await second.welcome();
  state(second, joinRef, { ada: ["2"] });
  assertEquals(room.presence.get("ada")?.metas.map(({ phx_ref }) => phx_ref), ["2"]);
});

Deno.test("keys that are names of objects' own members are keys like all others", async () => {
  await using server = new FakeServer();
  const room = server.connect().join(Room, {});
  const connection = await server.accept();
  const { joinRef } = await connection.welcome();
  const keys = ["__proto__", "constructor", "toString"];
  const text = keys.map((key) => `${JSON.stringify(key)}:{"metas":[{"phx_ref":"1"}]}`).join();
  connection.onmessage({ data: `["${joinRef}",null,"room","presence_state",{${text}}]` });
  assertEquals(room.presence.list().map(({ key }) => key).sort(), keys.toSorted());
  assertEquals(room.presence.get("__proto__")?.metas, [{ phx_ref: "1" }]);
});

Deno.test("a listener of presences that throws costs the others nothing", async () => {
  const faults: unknown[] = [];
  await using server = new FakeServer();
  const { presence } = server.connect({ failed: (_, event) => faults.push(event) }).join(Room, {});
  const connection = await server.accept();
  const { joinRef } = await connection.welcome();
  presence.on("join", () => {
    throw new Error("on purpose");
  });
  state(connection, joinRef, { ada: ["1"], bob: ["2"] });
  assertEquals([presence.size, faults], [2, ["join", "join"]]);
});

Deno.test("where there are too many to tell everybody of each, there is their number, a sample, and pages", async () => {
  await using server = new FakeServer();
  const { presence } = server.connect().join(Room, {});
  const told: number[] = [];
  presence.on("change", ({ size }) => told.push(size));
  const connection = await server.accept();
  assertEquals((await assertRejects(() => presence.page(), TroupeError)).code, "no_page");
  const { joinRef } = await connection.welcome();
  const sample = entries({ ada: ["1"], bob: ["2"] });
  connection.write(phoenixV21.push(joinRef, "room", "troupe:presence", { count: 900, sample }));
  assertEquals([presence.size, presence.list().map(({ key }) => key)], [900, ["ada", "bob"]]);
  connection.write(phoenixV21.publication("room", "troupe:presence", { count: 901 }, null));
  assertEquals([presence.size, presence.has("ada"), told], [901, true, [900, 901]]);

  const asked = presence.page(7);
  const message = await connection.next();
  assertEquals([message.event, message.payload], ["troupe:presence", { after: 7 }]);
  connection.reply(message, { count: 902, page: entries({ eve: ["9"] }), next: 12 });
  const { count, present, next } = await soon(asked);
  assertEquals([count, present.map(({ key }) => key), next], [902, ["eve"], 12]);
  const refused = presence.page(12);
  connection.reply(await connection.next(), { reason: "unknown_event" }, "error");
  assertEquals((await assertRejects(() => refused, TroupeError)).code, "no_page");
});

Deno.test("who is there, at a real server: typed by the contract, and after a drop the difference alone is told", async () => {
  const Lobby = defineTopic("lobby", {
    join: { payload: z.object({ name: z.string() }) },
    presence: z.object({ name: z.string() }),
  });
  const app = new App().topic(Lobby, { join: (ctx, { name }) => ctx.presence.track(name, { name }) });
  await using stage = new ClientStage(app);
  const ada = stage.connect().join(Lobby, {}, { name: "ada" });
  const told: string[] = [];
  ada.presence.on("join", ({ key, metas }) => told.push(`+${key} ${metas[0].name.toUpperCase()}`));
  ada.presence.on("leave", ({ key, isLast }) => told.push(`-${key} ${isLast}`));
  await soon(ada.joined);
  const cable = stage.connect({ transport: Cable });
  const bob = cable.join(Lobby, {}, { name: "bob" });
  await soon(bob.joined);
  const names = (view: typeof ada.presence): string => view.list().map(({ key }) => key).sort().join();
  const until = (condition: () => boolean): Promise<void> =>
    soon((async () => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve));
    })());
  await until(() => names(ada.presence) === "ada,bob" && names(bob.presence) === "ada,bob");
  assertEquals(told, ["+ada ADA", "+bob BOB"]);
  const bobTold: string[] = [];
  bob.presence.on("leave", ({ key }) => bobTold.push(key));
  const eve = stage.connect().join(Lobby, {}, { name: "eve" });
  await soon(eve.joined);
  await until(() => names(bob.presence) === "ada,bob,eve");
  const back = bob.next("troupe:joined");
  Cable.last?.close();
  await soon(eve.leave());
  await soon(back);
  await until(() => names(bob.presence) === "ada,bob" && names(ada.presence) === "ada,bob");
  assertEquals(bobTold.filter((key) => key !== "bob"), ["eve"]);
});

class Cable extends WebSocket {
  static last: Cable | null = null;
  constructor(url: string) {
    super(url);
    Cable.last = this;
  }
}
