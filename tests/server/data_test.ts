import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startServer } from "../../src/server/main.ts";
import { DataFault, openData } from "../../src/server/data.ts";
import { RawClient } from "./raw_client.ts";
import { runToEnd } from "./server_process.ts";

type Message = [unknown, unknown, string, string, { response: { troupe: Record<string, unknown> } }, number?];

/**
 * Joins the lobby as a client of version 2.1.0, and gives what comes until `count` messages are there; without those that
 * say who is there.
 */
async function join(
  url: string,
  payload: object,
  count: number,
): Promise<{ client: RawClient; messages: Message[] }> {
  const client = await RawClient.open(`${url.replace("http", "ws")}socket/websocket?vsn=2.1.0`);
  client.send(JSON.stringify(["1", "1", "room:lobby", "phx_join", payload]));
  const messages: Message[] = [];
  while (messages.length < count) {
    const value = JSON.parse(await client.messages.take() as string);
    const batch: Message[] = Array.isArray(value[0]) ? value : [value];
    messages.push(...batch.filter(([, , , event]) => !event.startsWith("presence_")));
  }
  return { client, messages };
}

Deno.test("with a data folder a room goes on after a restart: nothing is lost, and the client is told so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const first = startServer({ port: 0, log: await openData(`${folder}/data`) });
    const { client, messages: [[, , , , { response: { troupe } }]] } = await join(first.url, {}, 1);
    for (const text of ["one", "two"]) client.send(JSON.stringify(["1", "2", "room:lobby", "say", { text }]));
    while (!(await client.messages.take() as string).includes('"two"'));
    await first.close();
    const second = startServer({ port: 0, log: await openData(`${folder}/data/`) });
    const { messages: [reply, ...missed] } = await join(second.url, { troupe }, 3);
    assertEquals(reply[4].response.troupe.recovery, "recovered");
    assertEquals(missed.map(([, , , event, , offset]) => [event, offset]), [["said", 1], ["said", 2]]);
    await second.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without one it says honestly that the history is another", async () => {
  const first = startServer({ port: 0 });
  const { messages: [[, , , , { response: { troupe } }]] } = await join(first.url, {}, 1);
  await first.close();
  const second = startServer({ port: 0 });
  const { messages: [reply] } = await join(second.url, { troupe }, 1);
  assertEquals(reply[4].response.troupe.recovery, "reset");
  await second.close();
});

Deno.test("a data folder that cannot be used is one clear line, and exit code 1", async () => {
  const { code, stdout, stderr } = await runToEnd(["--port=0", "--data-dir=data"]);
  assertEquals([code, stdout], [1, ""]);
  assertEquals(
    stderr,
    'Cannot use --data-dir "data": run it with --allow-read=DIR --allow-write=DIR --allow-sys=osUptime\n',
  );
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    const fault = await assertRejects(() => openData(`${folder}/file`), DataFault);
    assert(!fault.message.includes("\n"));
    const log = await openData(folder);
    const inUse = await assertRejects(() => openData(folder), DataFault);
    assertStringIncludes(inUse.message, "Try again when that has ended");
    await log?.close?.();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
