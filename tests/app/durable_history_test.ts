import { assertEquals } from "@std/assert";
import type { Log } from "../../mod.ts";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { AppKit, type FakeConnection } from "../../src/testing/mod.ts";
import { TempFiles } from "../stores/temp_files.ts";

function kitOf(log: Log): AppKit {
  const kit = new AppKit({ log });
  kit.app.topic("room:{id}", {
    history: { size: 100, ttlMs: Infinity },
    on: { say: (ctx, payload) => void ctx.broadcast("said", payload) },
  });
  return kit;
}

async function join(kit: AppKit, payload: object): Promise<FakeConnection> {
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(JSON.stringify(["1", "1", "room:1", "phx_join", payload]));
  await kit.settle();
  return client;
}

/** What has come, batches taken apart: the position and recovery of a reply, or the offset of a publication. */
function taken(client: FakeConnection): unknown[] {
  const messages = client.take().map((data) => JSON.parse(data as string))
    .flatMap((value) => Array.isArray(value[0]) ? value : [value]);
  return messages.map(([, , , event, payload, offset]) => {
    if (event === "said") return offset;
    const { epoch, offset: at, recovery } = payload.response.troupe;
    return { epoch, offset: at, recovery };
  });
}

Deno.test("Resume: a client gets what it has missed from a server that takes over from one that was killed", async () => {
  using files = new TempFiles();
  await using before = kitOf(sqliteLog({ path: files.path("running.db") }));
  const ada = await join(before, {});
  const say = async (n: number) => {
    ada.send(JSON.stringify(["1", null, "room:1", "say", { n }]));
    await before.settle();
  };
  for (const n of [1, 2, 3, 4]) await say(n);
  const [joined] = taken(ada) as { epoch: string }[];

  await using after = kitOf(sqliteLog({ path: files.copy("running.db", "left.db") }));
  const bob = await join(after, { troupe: { epoch: joined.epoch, offset: 2 } });
  assertEquals(taken(bob), [{ epoch: joined.epoch, offset: 2, recovery: "recovered" }, 3, 4]);
  bob.send(JSON.stringify(["1", null, "room:1", "say", { n: 5 }]));
  await after.settle();
  assertEquals(taken(bob), [5]);
});

Deno.test("a log counts with the app that uses it, also what it has counted before", async () => {
  using files = new TempFiles();
  const log = sqliteLog({ path: files.path(), maxTopics: 1 });
  log.head("room:a");
  log.head("room:b");
  await using kit = kitOf(log);
  await join(kit, {});
  assertEquals(kit.app.system.counters.get("log.forgotten.topics"), 2);
});
