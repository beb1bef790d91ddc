import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { refuse, sse, TroupeError } from "../../mod.ts";
import { STAY_AWAY } from "../../src/protocol/sse.ts";
import { SSE_URL, SseStage, StreamClient } from "./sse_stage.ts";

/** A stage with topics that do what the tests need. */
function stage(...args: ConstructorParameters<typeof SseStage>): SseStage {
  const made = new SseStage(...args);
  made.app
    .topic("room:{id}", {
      join(ctx, payload) {
        ctx.broadcast("entered", { by: ctx.user.id });
        return { you_sent: payload };
      },
      on: {
        echo: (_ctx, payload) => payload,
        no: () => refuse({ reason: "not_today" }),
        silent() {},
        say(ctx, payload) {
          ctx.broadcast("said", payload);
          return { ok: true };
        },
        push_me: (ctx, payload) => ctx.push("pushed", payload),
        bytes: (ctx) => ctx.broadcastBytes("drawn", new Uint8Array([1, 2, 3])),
        crash() {
          throw new Error("boom");
        },
        stop: (ctx) => ctx.stop(),
        line_break: (ctx) => ctx.push("a\nb", {}),
      },
    })
    .topic("refused:{how}", {
      join(ctx) {
        if (ctx.params.how === "crash") throw new Error("boom");
        if (ctx.params.how === "limited") return refuse({ reason: "too_fast", retryAfterMs: 2_500 });
        if (ctx.params.how === "busy") return refuse({ reason: "overloaded" });
        if (ctx.params.how === "text") return refuse("go away");
        return refuse({ reason: "unauthorized" });
      },
      on: {},
    });
  return made;
}

Deno.test("A stream begins with the join's reply and a token, and goes on with the topic's publications", async () => {
  await using kit = stage();
  const payload = encodeURIComponent('{"nick":"Ada"}');
  const ada = await kit.open("room:1", `&payload=${payload}`);
  assertEquals(ada.response.headers.get("content-type"), "text/event-stream");
  assertEquals(ada.response.headers.get("cache-control"), "no-store, no-transform");
  assertEquals(ada.take(), [
    { event: "troupe:joined", data: { status: "ok", response: { you_sent: { nick: "Ada" } } } },
  ]);
  const bob = await kit.open("room:1");
  assertEquals(ada.takeNames(), ["entered"]);
  const other = await kit.open("room:2");
  for (const client of [ada, bob, other]) client.take();
  kit.app.broadcast("room:1", "said", { text: "to all" });
  kit.app.broadcast("room:1", "said", { text: "é" });
  await kit.time.settle();
  for (const client of [ada, bob]) {
    assertEquals(client.take(), [
      { event: "said", data: { text: "to all" } },
      { event: "said", data: { text: "é" } },
    ]);
  }
  assertEquals(other.take(), []);
  assertEquals(kit.app.connections.inTopic("room:1").length, 2);
});

Deno.test("A message is a request, and its answer the reply", async () => {
  await using kit = stage();
  const client = await kit.open("room:1");
  client.take();
  assertEquals(await kit.say(client.token, "echo", { x: 1 }), [200, { status: "ok", response: { x: 1 } }]);
  assertEquals(await kit.say(client.token, "no"), [200, {
    status: "error",
    response: { reason: "not_today" },
  }]);
  const [status, reply] = await kit.say(client.token, "unheard_of");
  assertEquals([status, (reply as { response: { reason: string } }).response.reason], [200, "unknown_event"]);
  assertEquals(await kit.say(client.token, "say", { text: "hi" }), [200, {
    status: "ok",
    response: { ok: true },
  }]);
  await kit.say(client.token, "push_me", { mine: true }, "?reply=false");
  assertEquals(client.take(), [
    { event: "said", data: { text: "hi" } },
    { event: "pushed", data: { mine: true } },
  ]);
});

Deno.test("The token goes in a header or in the query", async () => {
  await using kit = stage();
  const { token } = await kit.open("room:1");
  const response = await kit.request(`?token=${token}`, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8" },
    body: '{"event":"echo","payload":7}',
  });
  assertEquals(await response.json(), { status: "ok", response: 7 });
  assertEquals(response.headers.get("content-type"), "application/json");
});

Deno.test("Who wants no reply gets 202 at once; who wants one that never comes, 408 after a time", async () => {
  await using kit = stage({}, { replyTimeoutMs: 4_000 });
  const { token } = await kit.open("room:1");
  assertEquals(await kit.say(token, "silent", {}, "?reply=false"), [202, null]);
  let answer: [number, unknown] | null = null;
  const asked = kit.say(token, "silent").then((value) => answer = value);
  await kit.time.advance(3_999);
  assertEquals(answer, null);
  await kit.time.advance(1);
  assertEquals(await asked, [408, { reason: "no_reply", timeoutMs: 4_000 }]);
  assertEquals(kit.count("sse.late"), 1);
});

Deno.test("Messages that wait for a reply are bounded", async () => {
  await using kit = stage({}, { maxWaitingRequests: 2 });
  const { token } = await kit.open("room:1");
  const waiting = [kit.say(token, "silent"), kit.say(token, "silent")];
  await kit.time.settle();
  const refused = await kit.post(token, { event: "silent" });
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assertEquals(await refused.json(), { reason: "too_many_waiting", accepted: 2 });
  assertEquals(kit.count("sse.refused.too_many_waiting"), 1);
  await kit.time.passUntil(Promise.all(waiting));
});

Deno.test("A refused join is an HTTP error with the reason", async () => {
  await using kit = stage();
  const refusals: [topic: string, status: number, body: unknown][] = [
    ["refused:plain", 403, { reason: "unauthorized" }],
    ["refused:text", 403, { reason: "refused", response: "go away" }],
    ["refused:limited", 429, { reason: "too_fast", retryAfterMs: 2_500 }],
    ["refused:busy", 503, { reason: "overloaded" }],
    ["refused:crash", 500, { reason: "join crashed" }],
    ["nowhere", 404, { reason: "unmatched topic" }],
    ["x".repeat(600), 400, { reason: "topic_too_long", maxBytes: 512 }],
  ];
  for (const [topic, status, body] of refusals) {
    const response = await kit.request(`?topic=${topic}`);
    assertEquals([response.status, await response.json()], [status, body]);
    assertEquals(response.headers.get("retry-after"), status === 429 ? "3" : null);
  }
  assertEquals(kit.app.connections.size, 0);
  await kit.time.advance(20_000); // topics idle out
  assertEquals(kit.time.clock.pending, 0);
});

Deno.test("An EventSource that asks for it gets refusals as events, and comes back unless they are final", async () => {
  await using kit = stage({ limits: { maxConnections: 1 } });
  const take = async (query: string): Promise<unknown[]> => {
    const response = await kit.request(`${query}&refusal=event`);
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
    const client = new StreamClient(response);
    await kit.time.settle();
    assert(client.ended);
    return client.take();
  };
  const event = "troupe:refused";
  assertEquals(await take("?topic=refused:plain"), [
    { event, id: STAY_AWAY, data: { status: 403, reason: "unauthorized" } },
  ]);
  assertEquals(await take("?topic=refused:limited"), [
    { event, data: { status: 429, reason: "too_fast", retryAfterMs: 2_500 } },
  ]);
  await kit.open("room:1");
  assertEquals(await take("?topic=room:1"), [{
    event,
    data: { status: 503, reason: "too_many_connections" },
  }]);
});

Deno.test("A join that takes its time begins the stream without it; the outcome follows in the stream", async () => {
  await using kit = new SseStage({}, { joinTimeoutMs: 1_000 });
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  kit.app.topic("slow:{n}", {
    async join(ctx) {
      await gates[Number(ctx.params.n)].promise;
      return ctx.params.n === "0" ? { at: "last" } : refuse({ reason: "unauthorized" });
    },
    on: {},
  });
  const requests = ["slow:0", "slow:1"].map((topic) => kit.request(`?topic=${topic}`));
  await kit.time.advance(999);
  assertEquals(await Promise.race([...requests, "pending"]), "pending");
  await kit.time.advance(1);
  const clients = (await Promise.all(requests)).map((response) => new StreamClient(response));
  await kit.time.settle();
  assertEquals(clients.map((client) => client.takeNames()), [[" joining"], [" joining"]]);
  for (const { resolve } of gates) resolve();
  await kit.time.settle();
  assertEquals(clients[0].take(), [
    { event: "troupe:joined", data: { status: "ok", response: { at: "last" } } },
  ]);
  assertEquals(clients[1].take(), [
    { event: "troupe:refused", id: STAY_AWAY, data: { status: 403, reason: "unauthorized" } },
    { event: "troupe:close", id: STAY_AWAY, data: { code: 1000, reason: "the join is refused" } },
  ]);
  assertEquals(clients.map(({ ended }) => ended), [false, true]);
});

Deno.test("What is no request for a stream is refused, naming what is accepted", async () => {
  await using kit = stage();
  const requests: [query: string, init: RequestInit, status: number, reason: string][] = [
    ["", {}, 400, "no_topic"],
    ["?topic=", {}, 400, "no_topic"],
    ["?topic=room:1&payload={", {}, 400, "bad_payload"],
    ["?topic=room:1", { headers: { accept: "application/json" } }, 406, "not_acceptable"],
    ["?topic=room:1", { method: "PUT" }, 405, "method_not_allowed"],
  ];
  for (const [query, init, status, reason] of requests) {
    const response = await kit.request(query, init);
    assertEquals([response.status, (await response.json()).reason], [status, reason]);
    assertEquals(kit.count(`upgrades.refused.${reason}`) > 0, true);
  }
});

Deno.test("authenticate gets the token of the query, or of the Authorization header", async () => {
  const tokens: (string | null)[] = [];
  await using kit = stage({
    authenticate({ token }) {
      tokens.push(token);
      return token === null ? null : { id: token };
    },
  });
  const client = await kit.open("room:1", "&token=ada");
  assertEquals(client.take()[0].event, "troupe:joined");
  await kit.open("room:1", "", { authorization: "Bearer bob" });
  assertEquals((await kit.request("?topic=room:1")).status, 403);
  assertEquals(tokens, ["ada", "bob", null]);
  assertEquals([...kit.app.connections].map(({ user }) => user.id), ["ada", "bob"]);
});

Deno.test("A message to no connection, or to one that is gone, is refused", async () => {
  await using kit = stage();
  const client = await kit.open("room:1");
  assertEquals((await kit.request("", { method: "POST", body: "{}" })).status, 401);
  const forged = `${client.token.slice(0, -4)}AAAA`;
  assertEquals((await kit.say(forged, "echo"))[0], 404);
  assertEquals((await kit.say("nonsense", "echo"))[0], 404);
  await client.cancel();
  await kit.time.settle();
  const [status, body] = await kit.say(client.token, "echo");
  assertEquals([status, (body as { reason: string }).reason], [410, "connection_gone"]);
});

Deno.test("What cannot be read as a message is refused, and the connection lives on", async () => {
  await using kit = stage({ limits: { maxMessageBytes: 300 } });
  const { token } = await kit.open("room:1");
  const headers = { "x-troupe-token": token, "content-type": "application/json" };
  const bodies: [body: BodyInit | null, status: number, reason: string][] = [
    ["{", 400, "malformed"],
    ["", 400, "malformed"],
    ["[]", 400, "malformed"],
    ['{"event":""}', 400, "malformed"],
    ['{"event":"phx_join"}', 400, "reserved_event"],
    [new Uint8Array([0xff]), 400, "not_utf8"],
    [JSON.stringify({ event: "echo", payload: "x".repeat(300) }), 413, "too_big"],
  ];
  for (const [body, status, reason] of bodies) {
    const response = await kit.request("", { method: "POST", headers, body });
    assertEquals([response.status, (await response.json()).reason], [status, reason]);
    assertEquals(kit.count(`sse.refused.${reason}`) > 0, true);
  }
  const plain = { ...headers, "content-type": "text/plain" };
  const response = await kit.request("", { method: "POST", headers: plain, body: '{"event":"echo"}' });
  assertEquals([response.status, (await response.json()).reason], [415, "not_json"]);
  assertEquals(await kit.say(token, "echo", 1), [200, { status: "ok", response: 1 }]);
  // The largest body that is let through reaches the channel: it does not meet the connection's own limit.
  const room = (await (await kit.post(token, "x".repeat(300))).json()).maxBytes -
    '{"event":"echo","payload":""}'.length;
  assertEquals((await kit.say(token, "echo", "x".repeat(room)))[0], 200);
});

Deno.test("Bytes come in base64; an event that a stream cannot carry fails at its author", async () => {
  await using kit = stage();
  const client = await kit.open("room:1");
  client.take();
  await kit.say(client.token, "bytes", {}, "?reply=false");
  assertEquals(client.take(), [{ event: "drawn", data: { "troupe:bytes": "AQID" } }]);
  const [status, body] = await kit.say(client.token, "line_break");
  assertEquals([status, (body as { code: number }).code], [500, 1011]);
});

Deno.test("A channel that crashes ends the stream so that the client comes back, one that stops so that it stays away", async () => {
  await using kit = stage();
  const [crashed, stopped] = [await kit.open("room:1"), await kit.open("room:1")];
  for (const client of [crashed, stopped]) client.take();
  assertEquals(await kit.say(crashed.token, "crash"), [500, {
    reason: "connection_closed",
    code: 1011,
    message: "channel_crash",
  }]);
  await kit.say(stopped.token, "stop", {}, "?reply=false");
  assertEquals(crashed.take(), [{ event: "troupe:close", data: { code: 1011, reason: "channel_crash" } }]);
  assertEquals(stopped.take(), [
    { event: "troupe:close", id: STAY_AWAY, data: { code: 1000, reason: "the channel has ended" } },
  ]);
  assertEquals([crashed.ended, stopped.ended], [true, true]);
  assertEquals(kit.app.connections.size, 0);
});

Deno.test("A client that was told to stay away, and comes back by itself, is answered with 204", async () => {
  await using kit = stage();
  const response = await kit.request("?topic=room:1", { headers: { "last-event-id": STAY_AWAY } });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(kit.count("sse.kept_away"), 1);
  assertEquals(kit.app.connections.size, 0);
});

Deno.test("A client that comes with a Last-Event-ID is told that nothing fills the gap", async () => {
  await using kit = stage();
  const header = await kit.open("room:1", "", { "last-event-id": "epoch:7" });
  assertEquals(header.take().slice(0, 2).map(({ event, data }) => [event, data]), [
    ["troupe:joined", { status: "ok", response: { you_sent: {} } }],
    ["troupe:reset", { reason: "no_history" }],
  ]);
  const query = await kit.open("room:1", "&lastEventId=epoch:7");
  assertEquals(query.takeNames().slice(0, 2), ["troupe:joined", "troupe:reset"]);
});

Deno.test("A client that comes back with a Last-Event-ID gets what it has missed, as far as the history goes", async () => {
  await using kit = stage();
  kit.app.topic("log:{id}", { history: { size: 2, ttlMs: 60_000 } });
  const first = await kit.open("log:1");
  const [joined] = first.take();
  for (const n of [1, 2, 3]) kit.app.broadcast("log:1", "said", { n });
  await kit.time.settle();
  const said = first.take();
  assertEquals(said.map(({ data }) => data), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const back = await kit.open("log:1", "", { "last-event-id": said[0].id! });
  assertEquals(back.take().map(({ event, data, id }) => [event, event === "said" ? data : null, id]), [
    ["troupe:joined", null, said[0].id],
    ["said", { n: 2 }, said[1].id],
    ["said", { n: 3 }, said[2].id],
  ]);
  const late = await kit.open("log:1", "", { "last-event-id": joined.id! });
  assertEquals(late.take().map(({ event, data }) => event === "troupe:joined" ? event : [event, data]), [
    "troupe:joined",
    ["troupe:missed", { count: 1, from: 1, to: 1 }],
    ["said", { n: 2 }],
    ["said", { n: 3 }],
  ]);
  const lost = await kit.open("log:1", "", { "last-event-id": "another:1" });
  assertEquals(lost.take().slice(1).map(({ event, data }) => [event, data]), [
    ["troupe:reset", { reason: "another_history" }],
  ]);
});

Deno.test("Pages of other origins: a preflight, and answers that they can read, if the origin is allowed", async () => {
  await using kit = stage({ origin: ["https://good.example"] });
  const from = (origin: string): RequestInit => ({ headers: { origin } });
  const asked = await kit.request("", { method: "OPTIONS", ...from("https://good.example") });
  assertEquals(asked.status, 204);
  assertStringIncludes(asked.headers.get("access-control-allow-headers")!, "x-troupe-token");
  assertStringIncludes(asked.headers.get("access-control-allow-methods")!, "POST");
  for (const query of ["?topic=room:1", "?topic=nowhere", ""]) {
    const response = await kit.request(query, from("https://good.example"));
    assertEquals(response.headers.get("access-control-allow-origin"), "https://good.example");
    assertEquals(response.headers.get("vary"), "origin");
    await response.body?.cancel();
  }
  for (const method of ["GET", "POST", "OPTIONS"]) {
    const response = await kit.request("?topic=room:1", { method, ...from("https://evil.example") });
    assertEquals([response.status, (await response.json()).reason], [403, "origin_not_allowed"]);
    assertEquals(response.headers.has("access-control-allow-origin"), false);
  }
  const plain = await kit.request("?topic=room:1");
  assertEquals(plain.headers.has("access-control-allow-origin"), false);
});

Deno.test("A stream never idles out: it has nothing to say", async () => {
  await using kit = stage({ limits: { idleMs: 60_000 } });
  const client = await kit.open("room:1");
  await kit.time.advance(3_600_000);
  assertEquals([client.ended, kit.count("connections.idle")], [false, 0]);
  assertEquals(new Set(client.takeNames().slice(2)), new Set([" keep-alive"]));
});

Deno.test("A message of the client's about the connection itself is answered by the engine", async () => {
  await using kit = stage();
  const { token } = await kit.open("room:1");
  const answer = await kit.post(token, { topic: "troupe", event: "troupe:unheard_of" });
  assertEquals([answer.status, (await answer.json()).response.accepted], [200, ["troupe:refresh"]]);
});

Deno.test("sse refuses options that make no sense", () => {
  for (const options of [{ keepAliveMs: 0 }, { retryMs: NaN }, { keepAlive: 1 } as object]) {
    const error = assertThrows(() => sse(options), TroupeError, "keepAliveMs, retryMs");
    assertEquals(error.code, "invalid_options");
  }
  const { name, segment, raw } = sse({ lingerMs: undefined });
  assertEquals({ name, segment, raw }, { name: "sse", segment: "sse", raw: false });
});

Deno.test("Each client is told a time of its own to come back after", async () => {
  await using kit = stage({}, { retryMs: 1_000 });
  const times = new Set<number>();
  for (let i = 0; i < 20; i++) {
    const response = await kit.request("?topic=room:1");
    const reader = response.body!.getReader();
    const text = new TextDecoder().decode((await reader.read()).value);
    const retryMs = Number(/^retry: (\d+)$/m.exec(text)?.[1]);
    assert(retryMs >= 500 && retryMs <= 1_500);
    times.add(retryMs);
    assertMatch(text, /^event: troupe:joined\n/);
    void reader.cancel();
  }
  assert(times.size > 10);
});

Deno.test("What middleware asks for in the headers is in the answer, whether the join is granted or not", async () => {
  await using kit = stage({
    middleware: [{
      name: "cookies",
      upgrade({ responseHeaders }) {
        responseHeaders.append("set-cookie", "a=1");
        responseHeaders.append("set-cookie", "b=2");
      },
    }],
  });
  for (const [topic, status] of [["room:1", 200], ["refused:plain", 403]] as const) {
    const response = await kit.request(`?topic=${topic}`, { headers: { origin: "http://app.example" } });
    assertEquals([response.status, response.headers.getSetCookie()], [status, ["a=1", "b=2"]]);
    await response.body!.cancel();
  }
});

Deno.test("Messages whose body is still arriving count among those that wait", async () => {
  await using kit = stage({}, { maxWaitingRequests: 2, bodyTimeoutMs: 500 });
  const { token } = await kit.open("room:1");
  const slow = (): Promise<Response> =>
    kit.app.fetch(
      new Request(SSE_URL, {
        method: "POST",
        headers: { "content-type": "application/json", "x-troupe-token": token },
        body: new ReadableStream(),
      }),
    );
  const arriving = [slow(), slow()];
  await kit.time.settle();
  const refused = await kit.post(token, { event: "ping" });
  assertEquals([refused.status, await refused.json()], [429, { reason: "too_many_waiting", accepted: 2 }]);
  await kit.time.advance(500);
  assertEquals((await Promise.all(arriving)).map(({ status }) => status), [408, 408]);
  assertEquals((await kit.say(token, "echo"))[0], 200, "there is room again");
});
