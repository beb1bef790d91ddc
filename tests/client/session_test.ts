// Sessions that outlive their connection, and messages that are repeated in them.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { defineTopic } from "../../mod.ts";
import { TroupeError } from "../../src/client/mod.ts";
import { FakeServer } from "./fake_server.ts";
import { Room, roomApp } from "./room.ts";
import { ClientStage, soon } from "./stage.ts";

const Shop = defineTopic("shop", {
  client: { buy: { payload: z.object({ item: z.string() }), reply: z.object({ n: z.number() }) } },
});

Deno.test("a session that has waited is told, on all of its channels", async () => {
  const app = roomApp({ authenticate: () => ({ id: "ada" }), limits: { graceMs: 60_000 } });
  await using stage = new ClientStage(app);
  const cables: WebSocket[] = [];
  class Cable extends WebSocket {
    constructor(url: string) {
      super(url);
      cables.push(this);
    }
  }
  const troupe = stage.connect({ transport: Cable });
  const rooms = ["1", "2"].map((id) => troupe.join(Room, { id }, { nickname: "Ada" }));
  await soon(Promise.all(rooms.map((room) => room.joined)));
  const told: string[] = [];
  rooms[0].on("troupe:suspended", () => told.push("suspended"));
  rooms[0].on("troupe:joined", ({ again }) => told.push(`joined ${again}`));
  rooms[0].on("troupe:expired", () => told.push("expired"));
  for (let round = 0; round < 3; round++) {
    const resumed = rooms.map((room) => room.next("troupe:resumed"));
    cables.at(-1)?.close();
    assert((await soon(Promise.all(resumed))).every((joined) => joined.resumed));
    assertEquals(told.splice(0), ["suspended", "joined true"]);
  }
  assertEquals(stage.app.system.counters.get("sessions.claim_refused"), 0);
});

Deno.test("a session that did not wait is told as expired", async () => {
  await using server = new FakeServer();
  const shop = server.connect().join(Shop, {});
  const first = await server.accept();
  await first.welcome({ troupe: { session: "s1" } });
  await soon(shop.joined);
  first.drop();
  const expired = shop.next("troupe:expired");
  const second = await server.accept();
  const join = await second.welcome({ troupe: { session: "s2" } });
  assertEquals(join.payload, { "troupe:session": "s1" });
  assertEquals((await soon(expired)).resumed, false);
});

Deno.test("a message whose answer was lost is repeated under its id where the session has waited, and answered once", async () => {
  await using server = new FakeServer();
  const troupe = server.connect();
  const shop = troupe.join(Shop, {});
  const first = await server.accept();
  await first.welcome({ troupe: { session: "s1" } });
  await soon(shop.joined);
  const bought = ["tea", "cake"].map((item) => shop.send("buy", { item }));
  const sent = [await first.next(), await first.next()];
  const ids = sent.map(({ payload }) => (payload as Record<string, string>)["troupe:id"]);
  assert(ids.every((id) => id.length > 0 && id.length <= 64) && ids[0] !== ids[1]);
  first.drop();
  const later = shop.send("buy", { item: "milk" });
  const second = await server.accept();
  await second.welcome({ troupe: { session: "s2", resumed: true } });
  const repeated = [await second.next(), await second.next(), await second.next()];
  assertEquals(repeated.slice(0, 2).map(({ event, payload }) => [event, payload]), [
    ["buy", { item: "tea", "troupe:id": ids[0] }],
    ["buy", { item: "cake", "troupe:id": ids[1] }],
  ]);
  assertEquals((repeated[2].payload as { item: string }).item, "milk");
  assertEquals([...troupe.queue].map(({ attempts }) => attempts), [2, 2, 1]);
  repeated.forEach((message, n) => second.reply(message, { n }));
  assertEquals(await soon(Promise.all([...bought, later])), [{ n: 0 }, { n: 1 }, { n: 2 }]);
  assertEquals([troupe.queue.size, troupe.counters["messages.repeated"]], [0, 2]);
});

Deno.test("where the session is gone, a message without its answer is not repeated: nobody could tell twice from once", async () => {
  await using server = new FakeServer();
  const shop = server.connect().join(Shop, {});
  const first = await server.accept();
  await first.welcome({ troupe: { session: "s1" } });
  const bought = shop.send("buy", { item: "tea" });
  await first.next();
  first.drop();
  const waiting = shop.send("buy", { item: "milk" });
  const second = await server.accept();
  await second.welcome({ troupe: { session: "s2" } });
  assertEquals((await soon(assertRejects(() => bought, TroupeError))).code, "outcome_unknown");
  const message = await second.next();
  second.reply(message, { n: 1 });
  assertEquals(await soon(waiting), { n: 1 });
  assertEquals(second.untaken, 0);
});

Deno.test("a message is not repeated to a session that has waited, but is not the one that it was sent to", async () => {
  const Desk = defineTopic("desk", {});
  await using server = new FakeServer();
  const troupe = server.connect();
  const [desk, shop] = [troupe.join(Desk, {}), troupe.join(Shop, {})];
  const first = await server.accept();
  for (let n = 0; n < 2; n++) await first.welcome({ troupe: { session: "s1" } });
  await soon(Promise.all([desk.joined, shop.joined]));
  const bought = shop.send("buy", { item: "tea" });
  await first.next();
  first.drop();
  // A session of another life of the server's, which has yet to answer the join of the shop when it loses its client.
  const second = await server.accept();
  await second.welcome({ troupe: { session: "s2" } });
  second.drop();
  const third = await server.accept();
  for (let n = 0; n < 2; n++) await third.welcome({ troupe: { session: "s3", resumed: true } });
  assertEquals((await soon(assertRejects(() => bought, TroupeError))).code, "outcome_unknown");
  assertEquals(third.untaken, 0);
});

Deno.test("an answer that comes to an earlier attempt's time-out is nobody's", async () => {
  await using server = new FakeServer();
  const shop = server.connect().join(Shop, {});
  const first = await server.accept();
  await first.welcome({ troupe: { session: "s1" } });
  const bought = shop.send("buy", { item: "tea" }, { timeoutMs: 30 });
  await first.next();
  first.drop();
  // The first attempt's time-out passes while there is no connection.
  await new Promise((resolve) => setTimeout(resolve, 60));
  const second = await server.accept();
  await second.welcome({ troupe: { session: "s2", resumed: true } });
  second.reply(await second.next(), { n: 1 });
  assertEquals(await soon(bought), { n: 1 });
});

Deno.test("a message whose answer was lost takes effect once at a real server, and has its first answer", async () => {
  const app = roomApp({ authenticate: () => ({ id: "ada" }), limits: { graceMs: 60_000 } });
  await using stage = new ClientStage(app);
  // The cable breaks where the answer is on its way, each time a message names it.
  class Cable extends WebSocket {
    override send(data: string): void {
      super.send(data);
      if (!data.includes('"breaks"') || broken > 0) return;
      broken++;
      const { onclose } = this;
      this.onmessage = null;
      this.addEventListener("message", ({ data }) => {
        if (!(data as string).includes('"id":')) return;
        this.onclose = onclose;
        this.close();
      });
    }
  }
  let broken = 0;
  const troupe = stage.connect({ transport: Cable });
  const room = troupe.join(Room, { id: "1" }, { nickname: "Ada" });
  assertEquals(await soon(room.send("say", { text: "one" })), { id: "1" });
  assertEquals(await soon(room.send("say", { text: "breaks" })), { id: "2" });
  assertEquals(await soon(room.send("say", { text: "three" })), { id: "3" });
  assertEquals([broken, troupe.counters["messages.repeated"]], [1, 1]);
});
