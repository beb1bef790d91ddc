import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { App, bytes, defineTopic, type Listening, type Target, TroupeError } from "../../mod.ts";
import { ChannelClient, Client } from "./client.ts";

const Room = defineTopic("room:{id}", { server: { said: z.object({ text: z.string() }), drawn: bytes() } });

/** Who connects says who they are: `?user=…`. */
function start() {
  const told: string[] = [];
  const app = new App({ authenticate: ({ params }) => ({ id: params.user }) })
    .topic(Room, { info: (ctx, message) => void told.push(`${ctx.user.id} in ${ctx.topic}: ${message}`) })
    .component("/raw", {});
  const server = app.listen({ port: 0, signals: false });
  return { app, server, told, url: `ws://127.0.0.1:${server.port}` };
}

const channel = (url: string, user: string): Promise<ChannelClient> =>
  ChannelClient.open(`${url}/socket`, { params: { user } });
const raw = (url: string, user: string): Promise<Client> => Client.open(`${url}/raw?user=${user}`);

async function end(server: Listening, ...clients: (Client | ChannelClient)[]): Promise<void> {
  await server.close();
  for (const client of clients) await ("client" in client ? client.client : client).closed;
}

Deno.test("Every connection is found by its id, by its user and by its topics, as long as it is open", async () => {
  const { app, server, url } = start();
  const ada = await channel(url, "ada");
  const adaToo = await raw(url, "ada");
  const bob = await channel(url, "bob");
  await ada.join("room:1");
  await bob.join("room:1");
  await bob.join("room:2");
  assertEquals(app.connections.size, 3);
  assertEquals([...app.connections].map(({ user }) => user.id), ["ada", "ada", "bob"]);
  assertEquals(app.connections.ofUser("ada").length, 2);
  assertEquals(app.connections.inTopic("room:1").map(({ user }) => user.id), ["ada", "bob"]);
  assertEquals(app.connections.inTopic("room:2").map(({ user }) => user.id), ["bob"]);
  const [{ id }] = app.connections.ofUser("bob");
  assertEquals(app.connections.get(id)?.user.id, "bob");
  assertEquals(app.connections.get(id)?.info.remoteAddress, "127.0.0.1");
  assertEquals(app.connections.get(id)?.backlog, 0);

  assertEquals((await bob.push("room:2", "phx_leave")).status, "ok");
  await bob.next(); // phx_close
  assertEquals(app.connections.inTopic("room:2"), []);
  await adaToo.close();
  while (app.connections.size > 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(app.connections.ofUser("ada").length, 1);
  assertEquals(app.connections.ofUser("nobody"), []);
  assertEquals(app.connections.inTopic("room:none"), []);
  assertEquals(app.connections.get("none"), undefined);
  await end(server, ada, bob);
  assertEquals(app.connections.size, 0);
});

Deno.test("A rejoin leaves a connection in its topic once", async () => {
  const { app, server, url } = start();
  const ada = await channel(url, "ada");
  await ada.join("room:1");
  await ada.join("room:1");
  assertEquals((await ada.next())[3], "phx_close"); // of the first incarnation, behind the second's reply
  assertEquals(app.connections.inTopic("room:1").length, 1);
  await end(server, ada);
});

Deno.test("app.send: raw data goes to the component connections that are meant, and to no others", async () => {
  const { app, server, url } = start();
  const ada = await raw(url, "ada");
  const bob = await raw(url, "bob");
  const adaChannel = await channel(url, "ada");
  await adaChannel.join("room:1");
  const [first] = app.connections;
  assertEquals(app.send({ user: "ada" }, "to ada"), 1);
  assertEquals(app.send({ connection: first.id }, new Uint8Array([1, 2])), 1);
  assertEquals(app.send("all", "to all"), 2);
  assertEquals(app.send({ topic: "room:1" }, "nobody here is raw"), 0);
  assertEquals(app.send({ user: "nobody" }, "nobody"), 0);
  assertEquals(await ada.next(), "to ada");
  assertEquals(new Uint8Array(await ada.next() as ArrayBuffer), new Uint8Array([1, 2]));
  assertEquals(await ada.next(), "to all");
  assertEquals(await bob.next(), "to all");
  await adaChannel.push("room:1", "phx_leave"); // its reply is the first that this one hears
  await end(server, ada, bob, adaChannel);
});

Deno.test("app.send: an event goes to the channels in the topic of the connections that are meant", async () => {
  const { app, server, url } = start();
  const ada = await channel(url, "ada");
  const bob = await channel(url, "bob");
  for (const client of [ada, bob]) await client.join("room:1");
  await bob.join("room:2");
  assertEquals(app.send({ user: "ada" }, "room:1", "said", { text: "ada" }), 1);
  assertEquals(app.send("all", "room:1", "said", { text: "all" }), 2);
  assertEquals(app.send({ topic: "room:2" }, "room:1", "said", { text: "those in 2" }), 1);
  assertEquals(app.send({ user: "ada" }, "room:2", "said", { text: "ada is not there" }), 0);
  const said = (text: string): unknown[] => ["j", null, "room:1", "said", { text }];
  assertEquals(await ada.next(), said("ada") as never);
  assertEquals(await ada.next(), said("all") as never);
  assertEquals(await bob.next(), said("all") as never);
  assertEquals(await bob.next(), said("those in 2") as never);
  await end(server, ada, bob);
});

Deno.test("app.tell: a message reaches the info handlers of the channels that are meant, and no client", async () => {
  const { app, server, told, url } = start();
  const ada = await channel(url, "ada");
  const bob = await channel(url, "bob");
  for (const client of [ada, bob]) await client.join("room:1");
  assertEquals(app.tell({ user: "ada" }, "room:1", "hello"), 1);
  assertEquals(app.tell("all", "room:1", "everybody"), 2);
  assertEquals(app.tell("all", "room:2", "nobody is there"), 0);
  assertThrows(() => app.tell("all", "nosuch", 1), TroupeError, "nosuch");
  app.system.scheduler.drain();
  assertEquals(told, ["ada in room:1: hello", "ada in room:1: everybody", "bob in room:1: everybody"]);
  await end(server, ada, bob);
});

Deno.test("app.broadcast: a publication from outside of any handler, to all, all but, or only", async () => {
  const { app, server, url } = start();
  const ada = await channel(url, "ada");
  const bob = await channel(url, "bob");
  for (const client of [ada, bob]) await client.join("room:1");
  const [adasId] = app.connections.ofUser("ada").map(({ id }) => id);
  app.broadcast("room:1", "said", { text: "all" });
  app.broadcast("room:1", "said", { text: "but ada" }, { except: { user: "ada" } });
  app.broadcast("room:1", "said", { text: "only ada" }, { only: { connection: adasId } });
  app.broadcast("room:nobody", "said", { text: "nobody" });
  const texts = async (client: ChannelClient): Promise<unknown[]> => [
    ((await client.next())[4] as { text: string }).text,
    ((await client.next())[4] as { text: string }).text,
  ];
  assertEquals(await texts(ada), ["all", "only ada"]);
  assertEquals(await texts(bob), ["all", "but ada"]);
  await end(server, ada, bob);
});

Deno.test("app.send and app.broadcast refuse at once what the contract refuses, and unknown topics", async () => {
  await using app = new App().topic(Room, {});
  const calls: [() => unknown, string, string][] = [
    [() => app.broadcast("room:1", "said", { text: 7 }), "invalid_payload", "at text: "],
    [() => app.broadcast("room:1", "shouted", {}), "unknown_event", "has no such event"],
    [() => app.broadcast("other:1", "said", {}), "unmatched_topic", 'covers "other:1": it has room:{id}'],
    [() => app.send("all", "room:1", "said", {}), "invalid_payload", "at text: "],
    [() => app.send("all", "other:1", "said", {}), "unmatched_topic", "it has room:{id}"],
    [() => app.send("all", { json: true } as never), "unsendable_data", "accepted are"],
  ];
  for (const [call, code, message] of calls) {
    assertEquals(assertThrows(call, TroupeError, message).code, code);
  }
});

Deno.test("app.disconnect closes those that are meant, with code and reason, and says how many", async () => {
  const { app, server, url } = start();
  const clients = await Promise.all([raw(url, "ada"), raw(url, "ada"), raw(url, "bob"), raw(url, "eve")]);
  const [bob] = app.connections.ofUser("bob");
  assertEquals(app.disconnect({ user: "ada" }), 2);
  assertEquals(app.disconnect({ connection: bob.id }, "so long", 4_000), 1);
  assertEquals(app.disconnect("all", "é".repeat(200)), 1);
  assertEquals(app.disconnect("all"), 0);
  assertEquals(app.connections.size, 0);
  const endings = await Promise.all(clients.map(({ closed }) => closed));
  assertEquals(endings.map(({ code }) => code), [1001, 1001, 4_000, 1001]);
  assertEquals(endings[0].reason, "disconnected");
  assertEquals(endings[2].reason, "so long");
  assertEquals(endings[3].reason, "é".repeat(61));
  await end(server);
});

Deno.test("app.disconnect ends the channels, whose leave handlers hear that the connection was closed", async () => {
  const left: string[] = [];
  const app = new App().topic("room:*", { leave: (_ctx, { kind }) => void left.push(kind) });
  const server = app.listen({ port: 0, signals: false });
  const client = await ChannelClient.open(`ws://127.0.0.1:${server.port}/socket`);
  await client.join("room:1");
  app.disconnect({ topic: "room:1" });
  assertEquals((await client.client.closed).code, 1001);
  while (left.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(left, ["closed"]);
  await end(server);
});

Deno.test("A target that names nobody in a known way, and a code that cannot be sent, are refused", async () => {
  await using app = new App();
  for (const target of ["everybody", null, {}, { usr: "ada" }, { user: 7 }, { user: "a", topic: "b" }]) {
    for (const call of [() => app.disconnect(target as Target), () => app.send(target as Target, "text")]) {
      const error = assertThrows(call, TroupeError, '"all", { user: id }');
      assertEquals(error.code, "bad_target");
    }
  }
  assertEquals(assertThrows(() => app.disconnect("all", "", 1006), TroupeError).code, "bad_close_code");
});

Deno.test("After the end there is nobody, and calls from outside harm nothing", async () => {
  const app = new App().topic(Room, {});
  await app.close();
  app.broadcast("room:1", "said", { text: "late" });
  assertEquals(app.send("all", "late"), 0);
  assertEquals(app.disconnect("all"), 0);
  assert([...app.connections].length === 0);
});
