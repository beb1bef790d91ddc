import { assert, assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import type { AddressOptions } from "../../src/app/address_book.ts";
import { App } from "../../src/app/app.ts";
import type { User } from "../../src/sessions/user.ts";
import { AppKit } from "../../src/testing/app_kit.ts";

const SOCKET = "/socket/websocket?vsn=2.0.0";

function stage(addresses: AddressOptions = {}): AppKit {
  return new AppKit({ addresses });
}

async function isLetIn(kit: AppKit, from: string, headers: HeadersInit = {}): Promise<boolean> {
  const answer = await kit.tryConnect(SOCKET, headers, from);
  if (!(answer instanceof Response)) return true;
  assertEquals([answer.status, await answer.json()], [403, { reason: "address_blocked" }]);
  return false;
}

Deno.test("Addresses: denied ones stay out, and are counted", async () => {
  await using kit = stage({ deny: ["192.0.2.0/24"] });
  assertEquals(await isLetIn(kit, "192.0.2.9"), false);
  assertEquals(await isLetIn(kit, "::ffff:192.0.2.9"), false);
  assertEquals(await isLetIn(kit, "198.51.100.1"), true);
  assertEquals(kit.app.system.counters.get("upgrades.refused.address_blocked"), 2);
});

Deno.test("Addresses: with a list of those that are allowed, nobody else gets in", async () => {
  await using kit = stage({ allow: ["192.0.2.0/24"], deny: ["192.0.2.7"] });
  const answers: boolean[] = [];
  for (const from of ["192.0.2.1", "192.0.2.7", "198.51.100.1"]) answers.push(await isLetIn(kit, from));
  assertEquals(answers, [true, false, false]);
});

Deno.test("app.addresses.block keeps an address out and closes its connections with 1008, until it is unblocked", async () => {
  await using kit = stage();
  const [bad, good] = [
    await kit.connect(SOCKET, {}, "192.0.2.1"),
    await kit.connect(SOCKET, {}, "198.51.100.1"),
  ];
  assertEquals(kit.app.addresses.block("192.0.2.0/24"), 1);
  await kit.settle();
  assertEquals([bad.closed, good.closed], [{ code: 1008, reason: "the address is blocked" }, null]);
  assertEquals(kit.app.system.counters.get("connections.address_blocked"), 1);
  assertEquals(await isLetIn(kit, "192.0.2.1"), false);
  assertEquals([kit.app.addresses.blocked, kit.app.addresses.permits("192.0.2.1")], [
    ["192.0.2.0/24"],
    false,
  ]);
  assertEquals(kit.app.addresses.unblock("192.0.2.0/24", "10.0.0.0/8"), 1);
  assertEquals(await isLetIn(kit, "192.0.2.1"), true);
});

Deno.test("app.addresses.allowOnly closes all others, and lets all in again without any", async () => {
  await using kit = stage();
  const [bad, good] = [
    await kit.connect(SOCKET, {}, "192.0.2.1"),
    await kit.connect(SOCKET, {}, "2001:db8::1"),
  ];
  assertEquals(kit.app.addresses.allowOnly("2001:db8::/32"), 1);
  await kit.settle();
  assertEquals([bad.closed?.code, good.closed], [1008, null]);
  assertEquals(await isLetIn(kit, "192.0.2.1"), false);
  assertEquals([kit.app.addresses.allowOnly(), kit.app.addresses.allowed], [0, []]);
  assertEquals(await isLetIn(kit, "192.0.2.1"), true);
});

Deno.test("An address that is blocked while its authenticate is pending does not get in", async () => {
  let letIn: () => void = () => {};
  await using kit = new AppKit({
    authenticate: () => new Promise<User>((done) => letIn = () => done({ id: "u" })),
  });
  const pending = isLetIn(kit, "192.0.2.1");
  await kit.settle();
  kit.app.addresses.block("192.0.2.1");
  letIn();
  assertEquals(await pending, false);
});

Deno.test("Addresses: a change that cannot be made changes nothing", () => {
  const { app } = new AppKit({ addresses: { deny: ["192.0.2.1"] }, limits: { maxAddressRules: 2 } });
  const bad = assertThrows(() => app.addresses.block("198.51.100.1", "nowhere"), TroupeError);
  const many = assertThrows(() => app.addresses.block("198.51.100.1", "198.51.100.2"), TroupeError);
  assertEquals([bad.code, many.code, app.addresses.blocked], ["bad_network", "too_many_rules", [
    "192.0.2.1",
  ]]);
});

Deno.test("Addresses: what is wrong is refused when the app is made", () => {
  for (const addresses of [{ deny: ["x"] }, { allow: ["10/8"] }, { trustedProxies: ["proxy"] }]) {
    assertEquals(assertThrows(() => new App({ addresses }), TroupeError).code, "bad_network");
  }
  const unknown = { addresses: { trustedProxy: [] } } as object;
  assertEquals(assertThrows(() => new App(unknown), TroupeError).code, "invalid_options");
});

Deno.test("Behind a trusted proxy, the address of the client is the address everywhere", async () => {
  const seen: string[] = [];
  await using kit = new AppKit({
    addresses: { trustedProxies: ["10.0.0.0/8"], deny: ["203.0.113.0/24"] },
    authenticate: ({ remoteAddress }) => {
      seen.push(remoteAddress);
      return { id: "u" };
    },
    fallback: (_request, remoteAddress) => new Response(remoteAddress),
    limits: { upgradeBurst: 2 },
  });
  kit.app.use({ name: "look", upgrade: ({ remoteAddress }) => void seen.push(remoteAddress) });
  const via = { "x-forwarded-for": "6.6.6.6, 192.0.2.1" };
  await kit.connect(SOCKET, via, "10.0.0.1");
  assertEquals(seen, ["192.0.2.1", "192.0.2.1"]);
  assertEquals([...kit.app.connections].map(({ info }) => info.remoteAddress), ["192.0.2.1"]);
  assertEquals(await isLetIn(kit, "10.0.0.1", { "x-forwarded-for": "203.0.113.9" }), false);
  assertEquals(await isLetIn(kit, "203.0.113.9", via), false, "who is no proxy is not believed");
  await kit.connect(SOCKET, via, "10.0.0.2");
  assertEquals(((await kit.tryConnect(SOCKET, via, "10.0.0.3")) as Response).status, 429);
  const page = new Request("http://app.example/page", { headers: via });
  const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "10.0.0.1", port: 1 };
  assertEquals(await (await kit.app.fetch(page, { remoteAddr })).text(), "192.0.2.1");
});

Deno.test("The header Forwarded is read where it is asked for", async () => {
  await using kit = stage({ trustedProxies: ["10.0.0.1"], forwardedHeader: "forwarded" });
  await kit.connect(
    SOCKET,
    { forwarded: 'for="[2001:db8::7]:80"', "x-forwarded-for": "6.6.6.6" },
    "10.0.0.1",
  );
  const [view] = kit.app.connections;
  assert(view);
  assertEquals(view.info.remoteAddress, "2001:db8::7");
});
