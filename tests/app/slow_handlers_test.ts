import { assert, assertEquals } from "@std/assert";
import type { Logger } from "../../src/base/log.ts";
import { AppKit } from "../../src/testing/app_kit.ts";

const SOCKET = "/socket/websocket?vsn=2.0.0";

function stage(limits = {}) {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const logger: Logger = { log: (_level, message, fields = {}) => lines.push({ message, fields }) };
  const kit = new AppKit({ logger, limits });
  /** A handler holds everything up: the machine's clock goes on. */
  const block = (ms: number): void => void kit.clock.step(kit.clock.elapsedMs() + ms);
  kit.app.topic("room:*", {
    on: {
      work: (_ctx, ms) => block(ms as number),
      async later(_ctx, ms) {
        await Promise.resolve();
        block(ms as number);
      },
    },
  });
  return { kit, lines };
}

Deno.test("A handler that holds all others up is named in a warning, and counted", async () => {
  const { kit, lines } = stage();
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:lobby","phx_join",{}]');
  await kit.settle();
  client.send('["1","2","room:lobby","work",49]');
  assertEquals(lines, []);
  client.send('["1","3","room:lobby","work",50]');
  assertEquals(lines.length, 1);
  const [{ message, fields }] = lines;
  assertEquals(message, "a handler holds up all others");
  assert((fields.actor as string).endsWith("/room:lobby"));
  assertEquals([fields.event, fields.tookMs, fields.orOneOfTheMessagesBefore], ["work", 50, undefined]);
  assertEquals(kit.app.system.counters.get("handlers.slow"), 1);
});

Deno.test("What a handler does behind an await is not charged to it", async () => {
  const { kit, lines } = stage();
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:lobby","phx_join",{}]');
  await kit.settle();
  client.send('["1","2","room:lobby","later",500]');
  await kit.settle();
  assertEquals(lines, []);
});

Deno.test("slowHandlerMs can be changed while the app runs", async () => {
  const { kit, lines } = stage({ slowHandlerMs: 10 });
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:lobby","phx_join",{}]');
  await kit.settle();
  client.send('["1","2","room:lobby","work",20]');
  kit.app.limits.set({ slowHandlerMs: 30 });
  client.send('["1","3","room:lobby","work",20]');
  assertEquals(lines.length, 1);
});

Deno.test("While the event loop is late, new connections get 503 with Retry-After, and those that are here go on", async () => {
  const { kit } = stage();
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:lobby","phx_join",{}]');
  await kit.settle();
  let answer: Promise<unknown> = Promise.resolve();
  kit.app.component("/raw", {
    message() {
      // Seven hundred milliseconds in which no timer runs.
      const { clock } = kit;
      Object.defineProperty(clock, "elapsedMs", { value: () => 10_700, configurable: true });
      answer = kit.tryConnect(SOCKET);
      Reflect.deleteProperty(clock, "elapsedMs");
    },
  });
  await kit.advance(10_000 - kit.clock.elapsedMs());
  const raw = await kit.connect("/raw");
  raw.send("now");
  const response = await answer as Response;
  assertEquals([response.status, response.headers.get("retry-after")], [503, "2"]);
  assertEquals(await response.json(), { reason: "overloaded", lagMs: 600, maxLagMs: 500 });
  assertEquals(kit.app.system.counters.get("upgrades.refused.overloaded"), 1);
  client.send('[null,"2","phoenix","heartbeat",{}]');
  await kit.settle();
  assertEquals(client.take().length, 2);
  assertEquals(kit.app.loopLag.lagMs, 0);
  await kit.connect(SOCKET);
});

Deno.test("An app without connections has no timer for the lag of its loop", async () => {
  const { kit } = stage({ idleMs: 0 });
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:lobby","phx_join",{}]');
  client.close();
  await kit.advance(20_000);
  assertEquals([kit.app.loopLag.lagMs, kit.clock.pending], [0, 0]);
});
