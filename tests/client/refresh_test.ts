import { assert, assertEquals, assertRejects } from "@std/assert";
import { TroupeError } from "../../src/client/mod.ts";
import { phoenixV21 } from "../../src/protocol/mod.ts";
import { controlPush } from "../../src/sessions/control.ts";
import { FakeServer } from "./fake_server.ts";
import { Room, roomApp } from "./room.ts";
import { becomes, ClientStage, soon } from "./stage.ts";

Deno.test("a client asks for its token before each connection, and brings a new one before the old one expires", async () => {
  const given: (string | null)[] = [];
  const app = roomApp({
    limits: { expiringNoticeMs: 60_000 },
    authenticate({ token }) {
      given.push(token);
      // The notice comes at half of its life.
      return token === null
        ? null
        : { user: { id: "ada" }, expiresAt: Date.now() + (token === "t1" ? 1_500 : 3_600_000) };
    },
  });
  await using stage = new ClientStage(app);
  let n = 0;
  const troupe = stage.connect({ token: () => Promise.resolve(`t${++n}`) });
  const expiring = new Promise<number>((resolve) => troupe.on("expiring", ({ inMs }) => resolve(inMs)));
  const room = troupe.join(Room, { id: "7" });
  await soon(room.joined);
  assert(await soon(expiring) <= 60_000);
  while (given.length < 2) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(given, ["t1", "t2"]);
  const { expiresAt } = await soon(troupe.refresh("of the caller"));
  assert(typeof expiresAt === "number");
  const back = room.next("troupe:joined");
  for (const { id } of stage.app.connections) stage.app.disconnect({ connection: id });
  await soon(back);
  assertEquals(given, ["t1", "t2", "of the caller", "t3"]);
});

Deno.test("a refresh that is refused says why", async () => {
  const app = roomApp({ authenticate: ({ token }) => ({ id: token ?? "nobody" }) });
  await using stage = new ClientStage(app);
  const troupe = stage.connect({ token: "ada" });
  await becomes(troupe, "open");
  const error = await soon(assertRejects(() => troupe.refresh("bob"), TroupeError));
  assertEquals([error.code, error.details.reason], ["not_refreshed", "other_user"]);
});

Deno.test("a refresh whose connection breaks, or that is never answered, has failed", async () => {
  await using server = new FakeServer();
  const troupe = server.connect({ timeoutMs: 5 });
  const first = await server.accept();
  const broken = assertRejects(() => troupe.refresh("a"), TroupeError, `"reason":"closed"`);
  assertEquals((await first.next()).event, "troupe:refresh");
  first.drop();
  await soon(broken);
  const second = await server.accept();
  const late = assertRejects(() => troupe.refresh("a"), TroupeError, `"reason":"timeout"`);
  assertEquals((await second.next()).event, "troupe:refresh");
  await soon(late);
});

Deno.test("a token that cannot be renewed is told, and the client goes on", async () => {
  await using server = new FakeServer();
  let tries = 0;
  const token = (): Promise<string> =>
    ++tries === 2 ? Promise.reject(new Error("no luck")) : Promise.resolve("t");
  const troupe = server.connect({ token });
  const connection = await server.accept();
  const told = new Promise<unknown>((resolve) => troupe.on("failed", ({ error }) => resolve(error)));
  const expiring = { expiresAt: 60_000, inMs: 30_000 };
  connection.write(controlPush(phoenixV21, "troupe:expiring", expiring));
  assertEquals(String(await soon(told)), "Error: no luck");
  assertEquals(troupe.state, "open");
});

Deno.test("a client that was made without it closes with its authorization, and comes back with a new token", async () => {
  await using server = new FakeServer();
  let n = 0;
  const troupe = server.connect({ use: [], token: () => `t${++n}` });
  const first = await server.accept();
  const missing = await assertRejects(() => troupe.refresh(), TroupeError, "use: [withRefresh]");
  assertEquals(missing.code, "feature_missing");
  first.drop(4401, "expired");
  await server.accept();
  assertEquals(n, 2);
});
