import { assert, assertEquals, assertThrows } from "@std/assert";
import { App, longpoll, TroupeError } from "../../mod.ts";
import { livesOf } from "../../src/app/app.ts";
import type { OtherPorts } from "../../src/app/life.ts";
import { FakeTransport, seededRandom, VirtualClock } from "../../src/testing/mod.ts";

function otherPorts(): OtherPorts {
  return { clock: new VirtualClock(), random: seededRandom(1), transports: [new FakeTransport()] };
}

function over(app: App): () => Promise<void> {
  return livesOf(app as App<never>).over(otherPorts());
}

async function statusOf(app: App, path: string): Promise<number> {
  const response = await app.fetch(new Request(`http://app.example${path}`));
  await response.body?.cancel();
  return response.status;
}

/** What the app answers where it is asked for something that is no handshake: each transport in its own way. */
const UPGRADE_REQUIRED = 426;
const NOT_FAKE = 400;
const REFUSED = 403;

Deno.test("What an app has declared is there in its other life, over the other ports", async () => {
  const app = new App({ basePath: "/rt", fallback: () => new Response("the site") })
    .topic("room:{id}", {})
    .component("/echo", {})
    .socket("/admin", { transports: [longpoll()] });
  assertEquals(await statusOf(app, "/rt/echo"), UPGRADE_REQUIRED);
  assertEquals(await statusOf(app, "/rt/admin/longpoll?vsn=2.0.0"), 200);
  const end = over(app);
  for (const path of ["/rt/echo", "/rt/socket/websocket", "/rt/admin/websocket"]) {
    assertEquals([path, await statusOf(app, path)], [path, NOT_FAKE]);
  }
  assertEquals(await statusOf(app, "/rt/admin/longpoll"), 200); // the site
  assertThrows(() => app.broadcast("hall:1", "said", {}), TroupeError, "it has room:{id}");
  await end();
});

Deno.test("What is declared in another life ends with it", async () => {
  const app = new App().use({ name: "closed", upgrade: () => ({ status: REFUSED, reason: "closed" }) });
  for (let life = 0; life < 2; life++) {
    const end = over(app);
    assert(!app.handles(new Request("http://app.example/late")));
    app.component("/late", {});
    assert(app.handles(new Request("http://app.example/late")));
    await end();
    assert(!app.handles(new Request("http://app.example/late")));
  }
});

Deno.test("An app has one other life at a time; closing it closes that life alone", async () => {
  const app = new App();
  const end = over(app);
  const { code } = assertThrows(() => over(app), TroupeError, "another test kit has it");
  assertEquals(code, "app_in_use");
  await app.close();
  assertEquals(await statusOf(app, "/socket/websocket"), 503);
  await end();
  assertEquals(await statusOf(app, "/socket/websocket"), UPGRADE_REQUIRED);
});

Deno.test("An app of which somebody may hold a part, or that is closed, has no other life", async () => {
  const used: Record<string, (app: App) => unknown> = {
    "app.system": (app) => app.system,
    "app.limits": (app) => app.limits,
    "app.addresses": (app) => app.addresses,
    "app.topics": (app) => app.topics,
    "app.connections": (app) => app.connections,
    "app.request": (app) => app.request,
    "app.loopLag": (app) => app.loopLag,
    "app.listen": (app) => app.listen({ port: 0, signals: false }),
  };
  for (const [name, use] of Object.entries(used)) {
    const app = new App();
    use(app);
    const { details } = assertThrows(() => over(app), TroupeError, `${name} has been used already`);
    assertEquals(details.used, name);
    await app.close();
  }
  const closed = new App();
  await closed.close();
  assertThrows(() => over(closed), TroupeError, "it is closed");
});

Deno.test("In its other life an app may be used as ever, and has others afterwards", async () => {
  const app = new App({ limits: { maxChannels: 7 } });
  for (let life = 0; life < 2; life++) {
    const end = over(app);
    assertEquals(app.limits.current.maxChannels, 7);
    app.limits.set({ maxChannels: 1 });
    app.system.counters.add("seen");
    assertEquals(app.system.counters.snapshot(), { seen: 1 });
    await end();
  }
});
