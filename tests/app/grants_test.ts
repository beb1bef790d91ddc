import { assertEquals } from "@std/assert";
import { AppKit } from "../../src/testing/app_kit.ts";
import type { FakeConnection } from "../../src/testing/fake_transport.ts";

const PATH = "/socket/websocket?vsn=2.0.0";

/** An app whose users come by `?user=…&lives=<ms>&token=<id>`; without `lives` they live for ever. */
function stage(limits = {}) {
  const kit: AppKit = new AppKit({
    limits: { idleMs: 0, ...limits },
    authenticate({ params: { user, lives, token } }) {
      const expiresAt = lives === undefined ? undefined : kit.clock.now() + Number(lives);
      return { user: { id: user ?? "ada" }, expiresAt, tokenId: token };
    },
  });
  return kit;
}

/** What was said to a client, without refs. */
function heard(client: FakeConnection): unknown[] {
  return client.take().map((frame) => JSON.parse(frame as string).slice(2));
}

Deno.test("Expiry: a client is told before, and its connection is closed with 4401 at its instant", async () => {
  await using kit = stage();
  const client = await kit.connect(`${PATH}&lives=600000`);
  const expiresAt = kit.clock.now() + 600_000;
  await kit.advance(539_999);
  assertEquals(heard(client), []);
  await kit.advance(1);
  assertEquals(heard(client), [["troupe", "troupe:expiring", { expiresAt, inMs: 60_000 }]]);
  await kit.advance(59_999);
  assertEquals([client.closed, heard(client)], [null, []]);
  await kit.advance(1);
  assertEquals(client.closed, { code: 4401, reason: "expired" });
  assertEquals([kit.app.connections.size, kit.clock.pending], [0, 0]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("connections.expiring"), counters.get("connections.expired")], [1, 1]);
});

Deno.test("Expiry: expiringNoticeMs says how long before; a shorter life is told at half of it", async () => {
  await using kit = stage({ expiringNoticeMs: 1_000 });
  const [long, short] = [await kit.connect(`${PATH}&lives=5000`), await kit.connect(`${PATH}&lives=500`)];
  await kit.advance(250);
  assertEquals([heard(long).length, heard(short).length], [0, 1]);
  await kit.advance(3_750);
  assertEquals([heard(long).length, short.closed?.code], [1, 4401]);
});

Deno.test("Expiry: expiringNoticeMs can be changed while the app runs", async () => {
  await using kit = stage();
  kit.app.limits.set({ expiringNoticeMs: 1_000, maxRevocations: 5, revocationMs: 50 });
  const client = await kit.connect(`${PATH}&lives=600000`);
  await kit.advance(598_999);
  assertEquals(heard(client), []);
  await kit.advance(1);
  assertEquals(heard(client).length, 1);
});

Deno.test("Expiry: the channels of a connection that expires end as if it had been closed", async () => {
  await using kit = stage();
  const left: string[] = [];
  kit.app.topic("room:{id}", { leave: (_ctx, { kind }) => void left.push(kind) });
  const client = await kit.connect(`${PATH}&lives=1000`);
  client.send('["1","1","room:1","phx_join",{}]');
  await kit.advance(1_000);
  assertEquals([left, client.closed?.code], [["closed"], 4401]);
});

Deno.test("Expiry: a raw component is told nothing, and closed with 4401", async () => {
  await using kit = stage();
  const closed: number[] = [];
  kit.app.component("/raw", { close: (_conn, code) => void closed.push(code) });
  const client = await kit.connect("/raw?lives=1000");
  await kit.advance(1_000);
  assertEquals([client.take(), client.closed, closed], [[], { code: 4401, reason: "expired" }, [4401]]);
});

Deno.test("Expiry: an authorization that has expired already is refused with 403", async () => {
  await using kit = stage();
  for (const lives of [0, -1]) {
    const response = await kit.tryConnect(`${PATH}&lives=${lives}`) as Response;
    assertEquals([response.status, await response.json()], [403, { reason: "authorization_expired" }]);
  }
  assertEquals(kit.app.system.counters.get("upgrades.refused.authorization_expired"), 2);
});

Deno.test("Expiry: those that have gone before leave no timer, and those that live for ever need none", async () => {
  await using kit = stage();
  const client = await kit.connect(`${PATH}&lives=1000`);
  assertEquals(kit.clock.pending, 1);
  client.close();
  await kit.settle();
  await kit.connect(PATH);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("Expiry: a thousand connections take one timer, and all end in their turn", async () => {
  await using kit = stage();
  const clients: FakeConnection[] = [];
  for (let i = 0; i < 1_000; i++) clients.push(await kit.connect(`${PATH}&lives=${1_000 + i}&user=${i}`));
  await kit.advance(300); // nobody looks at the event loop's lag any more
  assertEquals(kit.clock.pending, 1);
  await kit.advance(1_199);
  assertEquals(clients.filter(({ closed }) => closed?.code === 4401).length, 500);
  await kit.advance(500);
  assertEquals(clients.filter(({ closed }) => closed?.code === 4401).length, 1_000);
});

Deno.test("Expiry: a life of years needs no timer of years", async () => {
  await using kit = stage();
  await kit.connect(`${PATH}&lives=${365 * 86_400_000}`);
  await kit.advance(86_400_000);
  assertEquals([kit.app.connections.size, kit.clock.nextDueMs! - kit.clock.elapsedMs() < 2 ** 31], [1, true]);
});
