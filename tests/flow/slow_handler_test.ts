/** A handler that is slower than its client, over a real socket. */

import { assert, assertEquals } from "@std/assert";
import { App } from "../../mod.ts";
import { Client } from "../app/client.ts";
import { RawReader } from "./raw_reader.ts";

const PATH = "/socket/websocket?vsn=2.0.0";

type Message = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: { status: string; response: { reason?: string } },
];

Deno.test("A slow handler fills its own mailbox alone: overloaded replies, other channels go on, then close 1013", async () => {
  const slow = Promise.withResolvers<void>();
  await using app = new App({ limits: { channelMailbox: 10, maxRefusedMessages: 5 } })
    .topic("slow:*", { on: { work: () => slow.promise.then(() => ({})) } })
    .topic("quick:*", { on: { work: () => ({}) } });
  const { port } = app.listen({ port: 0, signals: false });
  const { counters } = app.system;
  const url = `ws://127.0.0.1:${port}${PATH}`;
  const [client, other] = [await Client.open(url), await Client.open(url)];
  const next = async (): Promise<Message> => JSON.parse(await client.next() as string);
  const brief = async (): Promise<string> => {
    const [, ref, , , { status, response }] = await next();
    return `${ref} ${response.reason ?? status}`;
  };
  client.send('["1","1","slow:1","phx_join",{}]');
  client.send('["2","2","quick:1","phx_join",{}]');
  other.send('["1","1","slow:1","phx_join",{}]');
  assertEquals([await brief(), await brief()], ["1 ok", "2 ok"]);
  await other.next();

  // One is being handled, ten wait, four are refused; between them the other channel answers.
  const refs = Array.from({ length: 15 }, (_, i) => 3 + i);
  for (const ref of refs) {
    client.send(`["1","${ref}","slow:1","work",{}]`);
    client.send(`["2","q${ref}","quick:1","work",{}]`);
  }
  const expected = refs.flatMap((ref, i) => i < 11 ? [`q${ref} ok`] : [`${ref} overloaded`, `q${ref} ok`]);
  for (const each of expected) assertEquals(await brief(), each);
  assertEquals(counters.get("channels.overloaded"), 4);

  // Another connection's channel in the same topic has a mailbox of its own.
  other.send('["1","2","slow:1","work",{}]');
  slow.resolve();
  assertEquals(JSON.parse(await other.next() as string)[1], "2");
  for (const ref of refs.slice(0, 11)) assertEquals(await brief(), `${ref} ok`);
  assertEquals(app.connections.size, 2);
  await client.close();
  await other.close();
});

Deno.test("A client that goes on all the same is closed with 1013, and nobody else is", async () => {
  const slow = Promise.withResolvers<void>();
  await using app = new App({ limits: { channelMailbox: 10, maxRefusedMessages: 5 } })
    .topic("slow:*", { on: { work: () => slow.promise.then(() => ({})) } });
  const { port } = app.listen({ port: 0, signals: false });
  const flooder = await RawReader.open(port, PATH);
  const other = await Client.open(`ws://127.0.0.1:${port}${PATH}`);
  await flooder.send('["1","1","slow:1","phx_join",{}]');
  await flooder.next();
  for (let ref = 2; ref < 40; ref++) await flooder.send(`["1","${ref}","slow:1","work",{}]`);
  for (let refused = 0; refused < 5; refused++) {
    const [, ref, , , { response }] = JSON.parse(await flooder.next() as string) as Message;
    assertEquals([ref, response.reason], [`${13 + refused}`, "overloaded"]);
  }
  assertEquals(await flooder.next(), 1013);
  assertEquals(app.system.counters.get("connections.overloaded"), 1);
  other.send('[null,"2","phoenix","heartbeat",{}]');
  assert((await other.next() as string).includes('"ok"'));
  slow.resolve();
  flooder.close();
  await other.close();
});
