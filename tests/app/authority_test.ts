import { assertEquals, assertThrows } from "@std/assert";
import {
  type Admission,
  App,
  type Authenticated,
  type Gate,
  type Limits,
  type Transport,
  TroupeError,
  type User,
} from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import { FakeConnection } from "../../src/testing/fake_transport.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { MemoryTransport } from "./memory_transport.ts";

const REVOKED = { code: 4401, reason: "revoked" };

type Answer = Authenticated<User> | Promise<Authenticated<User>>;

/** An app whose users come by `?user=…&token=…&lives=<ms>`. */
function stage(options: Limits = {}): AppKit {
  const kit: AppKit = new AppKit({
    limits: { idleMs: 0, ...options },
    authenticate({ params: { user, lives, token } }): Answer {
      const expiresAt = lives === undefined ? undefined : kit.clock.now() + Number(lives);
      return { user: { id: user }, expiresAt, tokenId: token };
    },
  });
  return kit;
}

function path(user: string, rest = ""): string {
  return `/socket/websocket?vsn=2.0.0&user=${user}${rest}`;
}

/** Whether somebody gets in. */
async function getsIn(kit: AppKit, at: string): Promise<boolean | string> {
  const result = await kit.tryConnect(at);
  return result instanceof FakeConnection || (await result.json()).reason;
}

Deno.test("revoke: the connections of a user end at once with 4401, and nobody else's", async () => {
  await using kit = stage();
  const [ada, ada2, eve] = [
    await kit.connect(path("ada")),
    await kit.connect(path("ada")),
    await kit.connect(path("eve")),
  ];
  kit.app.component("/raw", {});
  const raw = await kit.connect("/raw?user=ada");
  assertEquals(kit.app.revoke({ user: "ada" }), 3);
  assertEquals([ada.closed, ada2.closed, raw.closed, eve.closed], [REVOKED, REVOKED, REVOKED, null]);
  assertEquals(kit.app.connections.size, 1);
  assertEquals(kit.app.system.counters.get("connections.revoked"), 3);
});

Deno.test("revoke: a user without a token id may come back; that is for authenticate to refuse", async () => {
  await using kit = stage();
  await kit.connect(path("ada"));
  kit.app.revoke({ user: "ada" });
  assertEquals(await getsIn(kit, path("ada")), true);
});

Deno.test("revoke: nobody comes straight back with the same token, until it expires", async () => {
  await using kit = stage();
  const client = await kit.connect(path("ada", "&token=t&lives=60000"));
  assertEquals(kit.app.revoke({ tokenId: "t" }), 1);
  assertEquals(client.closed, REVOKED);
  assertEquals(await getsIn(kit, path("ada", "&token=t&lives=60000")), "authorization_revoked");
  assertEquals(await getsIn(kit, path("ada", "&token=other")), true);
  await kit.advance(60_000);
  assertEquals(await getsIn(kit, path("ada", "&token=t&lives=1000")), true);
});

Deno.test("revoke: the tokens of a user's connections are refused too", async () => {
  await using kit = stage();
  await kit.connect(path("ada", "&token=t&lives=60000"));
  kit.app.revoke({ user: "ada" });
  assertEquals(await getsIn(kit, path("ada", "&token=t")), "authorization_revoked");
});

Deno.test("revoke: a connection takes along those that came with the same token", async () => {
  await using kit = stage();
  const [one, other, apart] = [
    await kit.connect(path("ada", "&token=t")),
    await kit.connect(path("ada", "&token=t")),
    await kit.connect(path("ada", "&token=u")),
  ];
  const [{ id }] = kit.app.connections;
  assertEquals(kit.app.revoke({ connection: id }), 2);
  assertEquals([one.closed, other.closed, apart.closed], [REVOKED, REVOKED, null]);
});

Deno.test("revoke: a token that nobody is here with is refused all the same, until `until` or for revocationMs", async () => {
  await using kit = stage({ revocationMs: 5_000 });
  kit.app.revoke({ tokenId: "short" });
  kit.app.revoke({ tokenId: "long" }, { until: new Date(kit.clock.now() + 9_000) });
  await kit.advance(4_999);
  assertEquals(await getsIn(kit, path("ada", "&token=short")), "authorization_revoked");
  await kit.advance(1);
  assertEquals(await getsIn(kit, path("ada", "&token=short")), true);
  assertEquals(await getsIn(kit, path("ada", "&token=long")), "authorization_revoked");
});

Deno.test("revoke: a handshake that is pending is refused, for a user as for a token", async () => {
  for (const target of [{ user: "ada" }, { tokenId: "t" }]) {
    let answer: (user: Authenticated<User>) => void = () => {};
    await using kit = new AppKit({ authenticate: (): Answer => new Promise((resolve) => answer = resolve) });
    const pending = kit.tryConnect(path("ada"));
    await kit.settle();
    assertEquals(kit.app.revoke(target), 0);
    answer({ user: { id: "ada" }, tokenId: "t" });
    const response = await pending as Response;
    assertEquals([response.status, await response.json()], [403, { reason: "authorization_revoked" }]);
    assertEquals(kit.app.system.counters.get("upgrades.refused.authorization_revoked"), 1);
  }
});

Deno.test("revoke: a refresh that is pending gives nothing back", async () => {
  let answer: (user: Authenticated<User>) => void = () => {};
  let asked = 0;
  await using kit = new AppKit({
    authenticate: (): Answer => asked++ === 0 ? { id: "ada" } : new Promise((resolve) => answer = resolve),
  });
  const client = await kit.connect(path("ada"));
  client.send('[null,"1","troupe","troupe:refresh",{"token":"new"}]');
  await kit.settle();
  kit.app.revoke({ tokenId: "new" });
  answer({ user: { id: "ada" }, tokenId: "new" });
  await kit.settle();
  assertEquals(client.take(), [
    '[null,"1","troupe","phx_reply",{"response":{"reason":"authorization_revoked"},"status":"error"}]',
  ]);
});

Deno.test("revoke: from inside of a handler, its own connection ends with the rest", async () => {
  await using kit = stage();
  const left: string[] = [];
  kit.app.topic("room:{id}", {
    on: { out: (ctx) => ({ ended: kit.app.revoke({ user: ctx.user.id }) }) },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const client = await kit.connect(path("ada"));
  client.send('["1","1","room:1","phx_join",{}]');
  client.send('["1","2","room:1","out",{}]');
  await kit.settle();
  assertEquals([client.closed, left], [REVOKED, ["closed"]]);
});

Deno.test("revoke: sessions that wait for their client end, by user, token or connection; and so do those closed now", async () => {
  for (const by of ["user", "tokenId", "connection"] as const) {
    const kit = stage({ graceMs: 60_000 });
    await using _ = kit;
    const left: string[] = [];
    kit.app.topic("room:{id}", { leave: (ctx, { kind }) => void left.push(`${ctx.user.id} ${kind}`) });
    const join = async (at: string): Promise<FakeConnection> => {
      const client = await kit.connect(at);
      client.send('["1","1","room:1","phx_join",{}]');
      await kit.settle();
      return client;
    };
    const dropped = await join(path("ada", "&token=t"));
    const [{ id }] = kit.app.connections;
    dropped.close(1006);
    await kit.settle();
    assertEquals(left, []);
    const here = await join(path("ada", "&token=t"));
    (await join(path("eve", "&token=u"))).close(1006);
    await kit.settle();
    const target = { user: { user: "ada" }, tokenId: { tokenId: "t" }, connection: { connection: id } }[by];
    assertEquals(kit.app.revoke(target), by === "connection" ? 1 : 2);
    await kit.settle();
    const all = ["ada closed", "ada closed"];
    assertEquals([here.closed, left], by === "connection" ? [null, all.slice(1)] : [REVOKED, all]);
  }
});

Deno.test("revoke: what is meant has to be said, as one of three", () => {
  const { app } = stage();
  const code = (call: () => unknown): string => assertThrows(call, TroupeError).code;
  for (const bad of [null, "ada", {}, { user: 7 }, { user: "a", tokenId: "t" }, { topic: "room:1" }]) {
    assertEquals(code(() => app.revoke(bad as never)), "bad_target");
  }
  for (const until of ["tomorrow", NaN, new Date(NaN)]) {
    assertEquals(code(() => app.revoke({ user: "a" }, { until: until as never })), "invalid_options");
  }
});

Deno.test("Admission.expiresAtMs is when the authorization ends, and moves with a refresh", async () => {
  const clock = new VirtualClock();
  const admissions: Admission[] = [];
  const transport = new MemoryTransport();
  const watching: Transport = {
    name: "memory",
    segment: "memory",
    raw: true,
    mount: () => ({
      handle: (request, gate) =>
        transport.handle(request, {
          ...gate,
          url: gate.url,
          admit: (accept, refused) =>
            gate.admit((admission) => {
              admissions.push(admission);
              return accept(admission);
            }, refused),
        } as Gate),
    }),
  };
  const app = new App({
    clock,
    transports: [watching],
    authenticate: ({ params }) => ({
      user: { id: "ada" },
      expiresAt: params.for === "ever" ? null : clock.now() + 1_000,
    }),
  });
  const startMs = clock.now();
  for (const rest of ["", "&for=ever"]) {
    await app.fetch(new Request(`http://host/socket/memory?vsn=2.0.0${rest}`));
    transport.open();
  }
  const expiries = (): unknown[] => admissions.map(({ expiresAtMs }) => expiresAtMs);
  assertEquals(expiries(), [startMs + 1_000, null]);
  while (clock.step(600));
  transport.sinks[0].received('[null,"1","troupe","troupe:refresh",{"token":"new"}]');
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(expiries(), [startMs + 1_600, null]);
  await app.close();
});
