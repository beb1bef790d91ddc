import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { App, longpoll, type LongpollOptions, TroupeError } from "../../mod.ts";
import { AppKit, type AppKitOptions, seededRandom } from "../../src/testing/mod.ts";
import { until } from "../app/client.ts";

/** The body of an answer. */
interface Body {
  status: number;
  token?: string;
  messages?: string[];
  code?: number;
  reason?: string;
}

const NDJSON = { "content-type": "application/x-ndjson" };

/** An app with long-poll at `/lp`, under a virtual clock. */
class Stage implements AsyncDisposable {
  readonly kit: AppKit;

  constructor(options: AppKitOptions & LongpollOptions = {}) {
    const { windowMs, tokenTtlMs, ...appOptions } = options;
    this.kit = new AppKit({ origin: "any", ...appOptions });
    this.kit.app
      .socket("/lp", {
        transports: [longpoll({ ...(windowMs && { windowMs }), ...(tokenTtlMs && { tokenTtlMs }) })],
      })
      .topic("room:*", {
        on: {
          echo: (_ctx, payload) => payload,
          say: (ctx, payload) => ctx.broadcast("said", payload),
          async slow(_ctx, payload) {
            await Promise.resolve();
            return payload;
          },
        },
      });
  }

  fetch(method: string, query: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(`http://app.example/lp/longpoll?vsn=2.0.0${query}`, { method, ...init });
    return this.kit.app.fetch(request);
  }

  /** A GET. It is answered at once, or after what the test does next. */
  async get(token: string | null, headers: HeadersInit = {}): Promise<Body> {
    return await (await this.fetch("GET", token === null ? "" : `&token=${token}`, { headers })).json();
  }

  /** A POST of ndjson. */
  async post(token: string, ...lines: string[]): Promise<Body> {
    const answer = await this.fetch("POST", `&token=${token}`, { headers: NDJSON, body: lines.join("\n") });
    const body = await answer.json();
    await this.kit.settle();
    return body;
  }

  /** A session. */
  async open(headers: HeadersInit = {}): Promise<string> {
    const { status, token } = await this.get(null, headers);
    assertEquals(status, 410);
    return token!;
  }

  /** A session that has joined `room:a`, and its answer fetched. */
  async joined(): Promise<string> {
    const token = await this.open();
    assertEquals(await this.post(token, JOIN), { status: 200 });
    assertEquals((await this.get(token)).messages, [
      '["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]',
    ]);
    return token;
  }

  count(name: string): number {
    return this.kit.app.system.counters.get(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kit[Symbol.asyncDispose]();
    assertEquals(this.kit.clock.pending, 0, "a timer is left");
    assertEquals(this.kit.app.system.actorCount, 0);
  }
}

const JOIN = '["1","1","room:a","phx_join",{}]';

Deno.test("A long-poll session joins, pushes, and gets its answers and what others say, in order", async () => {
  await using stage = new Stage();
  const [ada, bob] = [await stage.joined(), await stage.joined()];
  const heard = stage.get(bob);
  assertEquals(
    await stage.post(
      ada,
      '["1","2","room:a","slow",{"n":1}]',
      '["1","3","room:a","echo",{"n":2}]',
      '["1",null,"room:a","say",{"n":3}]',
      '["1","4","room:a","echo",{"n":4}]',
    ),
    { status: 200 },
  );
  assertEquals(await heard, { messages: ['[null,null,"room:a","said",{"n":3}]'], status: 200, token: bob });
  assertEquals((await stage.get(ada)).messages, [
    '["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]',
    '["1","3","room:a","phx_reply",{"response":{"n":2},"status":"ok"}]',
    '[null,null,"room:a","said",{"n":3}]',
    '["1","4","room:a","phx_reply",{"response":{"n":4},"status":"ok"}]',
  ]);
});

Deno.test("longpoll: a GET that waits is answered with nothing after the window", async () => {
  await using stage = new Stage({ windowMs: 5_000 });
  const token = await stage.open();
  const waiting = stage.get(token);
  await stage.kit.advance(5_000);
  assertEquals(await waiting, { messages: [], status: 204, token });
});

Deno.test("longpoll: a session that nobody polls ends after 1.5 windows, and its channels with it", async () => {
  const left: unknown[] = [];
  await using stage = new Stage();
  stage.kit.app.topic("watched:*", { leave: (_ctx, reason) => void left.push(reason) });
  const token = await stage.open();
  await stage.post(token, '["1","1","watched:a","phx_join",{}]');
  assertEquals(stage.kit.app.connections.size, 1);
  await stage.kit.advance(14_999);
  assertEquals(stage.kit.app.connections.size, 1);
  await stage.kit.advance(1);
  assertEquals(stage.kit.app.connections.size, 0);
  assertEquals(left, [{ kind: "closed" }]);
  assertEquals(await stage.post(token, "[]"), { status: 410 });
  const again = await stage.get(token);
  assertEquals([again.status, again.messages], [410, []]);
  assertNotEquals(again.token, token);
});

Deno.test("longpoll: a session that polls is never idle, though it says nothing", async () => {
  await using stage = new Stage({ limits: { idleMs: 60_000 } });
  const token = await stage.open();
  for (let ms = 0; ms < 200_000; ms += 10_000) {
    const waiting = stage.get(token);
    await stage.kit.advance(10_000);
    assertEquals((await waiting).status, 204);
  }
  assertEquals(stage.kit.app.connections.size, 1);
});

Deno.test("longpoll: the token comes in the query or in the header, which goes first", async () => {
  await using stage = new Stage();
  const [one, two] = [await stage.joined(), await stage.joined()];
  const headers = { "x-phoenix-longpoll-token": one };
  const answer = await stage.fetch("POST", `&token=${two}`, {
    headers: { ...NDJSON, ...headers },
    body: '["1","2","room:a","echo",{"to":"one"}]',
  });
  assertEquals(await answer.json(), { status: 200 });
  await stage.kit.settle();
  assertStringIncludes((await stage.get(null, headers)).messages![0], '"one"');
  const waiting = stage.get(two);
  await stage.kit.advance(10_000);
  assertEquals((await waiting).status, 204);
});

Deno.test("longpoll: a token that is forged, of another mount, or of another secret is none", async () => {
  await using stage = new Stage({ secret: "a".repeat(32) });
  stage.kit.app.socket("/other", { transports: [longpoll()] });
  const token = await stage.open();
  const other = await (await stage.kit.app.fetch(new Request("http://h/other/longpoll?vsn=2.0.0"))).json();
  const [body, signature] = token.split(".");
  const forged = [
    other.token,
    `${body}.`,
    `.${signature}`,
    `${body}x.${signature}`,
    "",
    ".",
    "x".repeat(10_000),
  ];
  for (const each of forged) {
    const name = String(each).slice(0, 20);
    assertEquals(await stage.post(each, JOIN), { status: 410 }, name);
    const got = await stage.get(each);
    assertEquals([got.status, got.messages], [410, []], name);
    assert(got.token !== each);
  }
});

Deno.test("longpoll: a token ends after its time, and the next session has another", async () => {
  await using stage = new Stage({ tokenTtlMs: 25_000 });
  const token = await stage.open();
  for (let i = 0; i < 2; i++) {
    const waiting = stage.get(token);
    await stage.kit.advance(10_000);
    assertEquals((await waiting).status, 204);
  }
  await stage.kit.advance(5_000);
  assertEquals((await stage.post(token, JOIN)).status, 410);
  assertNotEquals((await stage.get(token)).token, token);
  assertEquals(stage.count("longpoll.tokens_expired"), 2);
});

Deno.test("longpoll: what the server has to say comes before the end of a session that it closes", async () => {
  await using stage = new Stage();
  const token = await stage.joined();
  stage.kit.app.broadcast("room:a", "said", "bye");
  stage.kit.app.disconnect("all", "gone", 4000);
  await stage.kit.settle();
  assertEquals(stage.kit.app.connections.size, 0);
  assertEquals((await stage.post(token, JOIN)).status, 410);
  assertEquals((await stage.get(token)).messages, ['[null,null,"room:a","said","bye"]']);
  assertEquals((await stage.get(token)).status, 410);
});

Deno.test("longpoll: a close answers the GET that waits, at once", async () => {
  await using stage = new Stage();
  const token = await stage.joined();
  const waiting = stage.get(token);
  await stage.kit.settle();
  stage.kit.app.disconnect("all", "gone");
  await stage.kit.settle();
  assertEquals(await waiting, { messages: [], status: 410, code: 1001, reason: "gone" });
});

Deno.test("longpoll: at the app's end GETs are answered, and then everybody hears 500, which phoenix.js retries", async () => {
  const stage = new Stage();
  const [waits, has] = [await stage.joined(), await stage.joined()];
  const waiting = stage.get(waits);
  await stage.post(has, '["1","2","room:a","echo",{}]');
  await stage[Symbol.asyncDispose]();
  assertEquals((await waiting).code, 1012);
  for (const token of [null, waits, has]) {
    const answer = await stage.fetch("GET", token === null ? "" : `&token=${token}`);
    assertEquals([answer.status, answer.headers.get("retry-after")], [503, "1"]);
    assertEquals(answer.headers.get("access-control-allow-origin"), "*");
    assertEquals(await answer.json(), { status: 500, reason: "shutting_down" });
  }
  assertEquals(stage.count("upgrades.refused.shutting_down"), 3);
});

Deno.test("longpoll: at the end of its authorization a GET that waits is answered, and the token is worth nothing", async () => {
  await using stage: Stage = new Stage({
    authenticate: () => ({ user: { id: "ada" }, expiresAt: stage.kit.clock.now() + 25_000 }),
  });
  const token = await stage.open();
  for (let i = 0; i < 2; i++) {
    const waiting = stage.get(token);
    await stage.kit.advance(10_000);
    assert([200, 204].includes((await waiting).status));
  }
  const waiting = stage.get(token);
  await stage.kit.advance(5_000);
  const { status, code } = await waiting;
  assertEquals([status, code], [410, 4401]);
  assertEquals((await stage.post(token, JOIN)).status, 410);
  assertEquals(stage.count("longpoll.tokens_expired"), 1);
});

Deno.test("longpoll: App.revoke ends a session at once", async () => {
  await using stage = new Stage({ authenticate: () => ({ id: "ada" }) });
  const token = await stage.open();
  const waiting = stage.get(token);
  await stage.kit.settle();
  assertEquals(stage.kit.app.revoke({ user: "ada" }), 1);
  await stage.kit.settle();
  assertEquals((await waiting).code, 4401);
  assertEquals((await stage.post(token, JOIN)).status, 410);
});

Deno.test("longpoll: refusals stand in the body, as statuses that phoenix.js knows", async () => {
  await using stage = new Stage({
    limits: { longpollSessions: 1 },
    origin: ["//good.example"],
    authenticate({ params }) {
      if (params.who === "nobody") return null;
      if (params.who === "later") return new Response("wait", { status: 429 });
      if (params.who === "down") return new Response("down", { status: 502 });
      if (params.who === "throws") throw new Error("no database");
      return { id: "ada" };
    },
  });
  const cases: [query: string, status: number, body: object, headers?: HeadersInit][] = [
    ["&who=nobody", 200, { status: 403, reason: "not_authenticated" }],
    ["&who=later", 200, { status: 403, reason: "by_authenticate" }],
    ["&who=down", 502, { status: 500, reason: "by_authenticate" }],
    ["&who=throws", 500, { status: 500, reason: "authenticate_failed" }],
    ["", 200, { status: 403, reason: "origin_not_allowed", origin: "http://bad.example" }, {
      origin: "http://bad.example",
    }],
  ];
  for (const [query, status, body, headers] of cases) {
    const answer = await stage.fetch("GET", query, { headers });
    assertEquals([answer.status, await answer.json()], [status, body], query);
    assertEquals(answer.headers.get("access-control-allow-origin"), "*");
    assertEquals(answer.headers.get("cache-control"), "no-store");
  }
  const token = await stage.open();
  const full = await stage.fetch("GET", "");
  assertEquals([full.status, await full.json()], [503, {
    status: 500,
    reason: "too_many_longpoll_sessions",
  }]);
  assertEquals(stage.count("upgrades.refused.too_many_longpoll_sessions"), 1);
  const posted = await stage.fetch("POST", `&token=${token}`, { headers: { origin: "http://bad.example" } });
  assertEquals((await posted.json()).status, 403, "the origin is checked each time");
});

Deno.test("longpoll: sessions count as connections", async () => {
  await using stage = new Stage({ limits: { maxConnections: 1 } });
  await stage.open();
  assertEquals(await stage.get(null), { status: 500, reason: "too_many_connections" });
  await stage.kit.advance(15_000);
  await stage.open();
});

Deno.test("longpoll: phoenix's authToken comes as a header", async () => {
  const tokens: (string | null)[] = [];
  await using stage = new Stage({
    authenticate({ token }) {
      tokens.push(token);
      return { id: "ada" };
    },
  });
  await stage.open({ "x-phoenix-authtoken": "sesame" });
  await stage.open({ "x-phoenix-authtoken": String.fromCharCode(...new TextEncoder().encode("ÿ€")) });
  await stage.open({ authorization: "Bearer other" });
  assertEquals(tokens, ["sesame", "ÿ€", "other"]);
  for (const { info } of stage.kit.app.connections) {
    assertEquals(info.headers.get("x-phoenix-authtoken"), null);
  }
});

Deno.test("longpoll: a preflight is answered, and a method that is none is refused", async () => {
  await using stage = new Stage();
  const answer = await stage.fetch("OPTIONS", "", {
    headers: { "access-control-request-headers": "content-type,x-phoenix-authtoken" },
  });
  assertEquals([answer.status, await answer.text()], [200, ""]);
  const headers = Object.fromEntries(answer.headers);
  assertEquals(headers["access-control-allow-origin"], "*");
  assertEquals(headers["access-control-allow-headers"], "content-type,x-phoenix-authtoken");
  assertEquals(headers["access-control-allow-methods"], "GET, POST, OPTIONS");
  assertEquals(headers["access-control-max-age"], "3600");
  const put = await stage.fetch("PUT", "", { body: "" });
  assertEquals([put.status, put.headers.get("allow")], [405, "GET, POST, OPTIONS"]);
  assertEquals((await put.json()).reason, "method_not_allowed");
});

Deno.test("longpoll: bytes come as base64 lines, and go as a JSON payload that says so", async () => {
  await using stage = new Stage();
  const token = await stage.joined();
  // A push of the bytes ff 00: join_ref "1", ref "2", topic "room:a", event "echo".
  const push = new Uint8Array([0, 1, 1, 6, 4, ...new TextEncoder().encode("12room:aecho"), 255, 0]);
  assertEquals(await stage.post(token, push.toBase64()), { status: 200 });
  assertEquals((await stage.get(token)).messages, [
    '["1","2","room:a","phx_reply",{"response":{"troupe:bytes":"/wA="},"status":"ok"}]',
  ]);
  stage.kit.app.broadcast("room:a", "said", new Uint8Array([1, 2]));
  await stage.kit.settle();
  assertEquals((await stage.get(token)).messages, ['[null,null,"room:a","said",{"troupe:bytes":"AQI="}]']);
});

Deno.test("longpoll: a client that asks for 2.1.0 gets no batches", async () => {
  await using stage = new Stage();
  const ask = (method: string, token: string, body?: string): Promise<Response> =>
    stage.kit.app.fetch(
      new Request(`http://h/lp/longpoll?vsn=2.1.0&token=${token}`, { method, body, headers: NDJSON }),
    );
  const { token } = await (await ask("GET", "")).json();
  await ask("POST", token, `${JOIN}\n["1","2","room:a","echo",{}]`);
  await stage.kit.settle();
  assertEquals((await (await ask("GET", token)).json()).messages, [
    '["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]',
    '["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]',
  ]);
});

Deno.test("longpoll: what cannot be read is answered at once, and closes the session as on a WebSocket", async () => {
  await using stage = new Stage({ limits: { maxMessageBytes: 100 } });
  const cases: [body: string, code: number, reason: string][] = [
    ["[broken", 1007, "not JSON"],
    ["[1,2]", 1007, "a message is [join_ref, ref, topic, event, payload]; got an array of 2"],
    ["AQ==", 1007, "a binary message from a client must be of kind 0"],
    [`["1","1","room:${"a".repeat(100)}","phx_join",{}]`, 1009, "a message may have 100 bytes"],
  ];
  for (const [line, code, reason] of cases) {
    const token = await stage.open();
    const answer = await stage.post(token, line, JOIN);
    assertEquals([answer.status, answer.code], [410, code]);
    assertStringIncludes(answer.reason!, reason);
    assertEquals((await stage.get(token)).status, 410);
  }
});

Deno.test("longpoll: a body that is none answers 400, has no effect, and the session goes on", async () => {
  await using stage = new Stage({ limits: { longpollBodyBytes: 1_000 } });
  const token = await stage.open();
  const bodies: [BodyInit, object][] = [
    [`${JOIN}\n{"x":1}`, { reason: "bad_body", message: "line 2 is neither a JSON array nor base64" }],
    [new Uint8Array([0x5b, 0xff]), { reason: "bad_body", message: "the body is not UTF-8" }],
    [`${JOIN}\n${" ".repeat(1_000)}`, { reason: "body_too_big", maxBytes: 1_000 }],
  ];
  for (const [body, said] of bodies) {
    const answer = await stage.fetch("POST", `&token=${token}`, { body, headers: NDJSON });
    assertEquals([answer.status, await answer.json()], [400, { status: 400, ...said }] as never);
  }
  assertEquals(stage.count("longpoll.bodies_refused"), 3);
  assertEquals(stage.count("channels.joined"), 0);
  assertEquals(await stage.post(token, JOIN), { status: 200 });
  assertEquals(stage.count("channels.joined"), 1);
});

Deno.test("longpoll: a body that does not come answers 408 after the window, and holds up no later one for ever", async () => {
  await using stage = new Stage();
  const token = await stage.open();
  const poll = stage.get(token);
  const slow = stage.fetch("POST", `&token=${token}`, { headers: NDJSON, body: new ReadableStream() });
  const next = stage.fetch("POST", `&token=${token}`, { headers: NDJSON, body: JOIN });
  await stage.kit.advance(10_000);
  assertEquals((await poll).status, 204);
  assertEquals(await (await slow).json(), { status: 408, reason: "body_too_slow" });
  assertEquals(await (await next).json(), { status: 200 });
  assertEquals(stage.count("longpoll.bodies_late"), 1);
});

Deno.test("longpoll: a session that ends gives up the body that it reads", async () => {
  await using stage = new Stage();
  const token = await stage.open();
  const slow = stage.fetch("POST", `&token=${token}`, { headers: NDJSON, body: new ReadableStream() });
  await stage.kit.settle();
  stage.kit.app.disconnect("all", "gone");
  await stage.kit.settle();
  assertEquals(await (await slow).json(), { status: 410, code: 1001, reason: "gone" });
});

Deno.test("longpoll: a client that does not fetch meets the outbox's bounds, and holds no more than the transport's share", async () => {
  await using stage = new Stage({ limits: { outboxFrames: 1_000, transportFrames: 100 } });
  const token = await stage.joined();
  for (let n = 1; n <= 500; n++) stage.kit.app.broadcast("room:a", "said", n);
  await stage.kit.settle();
  const first = await stage.get(token);
  assertEquals(first.messages!.length, 100);
  const rest: string[] = [];
  while (rest.length < 400) {
    const next = stage.get(token);
    await stage.kit.advance(100);
    rest.push(...(await next).messages!);
  }
  assertEquals(
    [...first.messages!, ...rest],
    Array.from({ length: 500 }, (_, i) => `[null,null,"room:a","said",${i + 1}]`),
  );
  for (let n = 1; n <= 2_000; n++) stage.kit.app.broadcast("room:a", "said", n);
  await stage.kit.settle();
  assertEquals(stage.kit.app.connections.size, 0);
  assertEquals(stage.count("outbox.overflows"), 1);
});

Deno.test("longpoll: a client whose TCP connection breaks while its GET waits loses no message", async () => {
  const app = new App().topic("room:*", {});
  await using server = app.listen({ port: 0, signals: false });
  const url = `http://127.0.0.1:${server.port}/socket/longpoll?vsn=2.0.0`;
  const { token } = await (await fetch(url)).json();
  await (await fetch(`${url}&token=${token}`, { method: "POST", headers: NDJSON, body: JOIN })).body!
    .cancel();
  assertEquals((await (await fetch(`${url}&token=${token}`)).json()).messages.length, 1);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = `GET /socket/longpoll?token=${token} HTTP/1.1\r\nhost: a\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  await connection.read(new Uint8Array(1_024)); // the headers: the GET waits
  connection.close();
  await until(() => app.system.counters.get("longpoll.polls_abandoned") === 1);
  app.broadcast("room:a", "said", 1);
  const { messages } = await (await fetch(`${url}&token=${token}`)).json();
  assertEquals(messages, ['[null,null,"room:a","said",1]']);
});

Deno.test("longpoll: a body beyond the limit is refused over HTTP, announced or not, and the session goes on", async () => {
  const app = new App({ limits: { longpollBodyBytes: 100_000 } });
  await using server = app.listen({ port: 0, signals: false });
  const url = `http://127.0.0.1:${server.port}/socket/longpoll?vsn=2.0.0`;
  const { token } = await (await fetch(url)).json();
  const chunks = (): ReadableStream<Uint8Array> =>
    ReadableStream.from(Array.from({ length: 20 }, () => new Uint8Array(10_000)));
  for (const body of [new Uint8Array(200_000), chunks()]) {
    const answer = await fetch(`${url}&token=${token}`, { method: "POST", body });
    assertEquals([answer.status, (await answer.json()).reason], [400, "body_too_big"]);
  }
  const heartbeat = '[null,"1","phoenix","heartbeat",{}]';
  const answer = await fetch(`${url}&token=${token}`, { method: "POST", body: heartbeat });
  assertEquals(await answer.json(), { status: 200 });
});

Deno.test("longpoll refuses options that make no sense", () => {
  const cases: [unknown, string][] = [
    [{ windowMs: 0 }, "windowMs must be a positive number of milliseconds, got 0"],
    [{ tokenTtlMs: "1d" }, "tokenTtlMs must be a positive number"],
    [{ windowMS: 1 }, "windowMS is none. Accepted: windowMs, tokenTtlMs"],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => longpoll(options as LongpollOptions), TroupeError, message);
    assertEquals(error.code, "invalid_options");
  }
});

Deno.test("longpoll: whatever is sent, each request is answered with a status that is known (property)", async () => {
  const line = fc.oneof(
    fc.constantFrom(
      JOIN,
      '["1","2","room:a","echo",{}]',
      '["1","3","room:a","phx_leave",{}]',
      "[",
      "[]",
      "",
      "AAE=",
    ),
    fc.json(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.toBase64()),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "POST", "POST", "OPTIONS", "DELETE"),
    type: fc.constantFrom("application/x-ndjson", "application/json", ""),
    token: fc.oneof(fc.constantFrom("mine", "mine", "mine", "none"), fc.string()),
    body: fc.oneof(fc.array(line, { maxLength: 5 }).map((lines) => lines.join("\n")), fc.uint8Array()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 10 }), fc.integer(), async (requests, seed) => {
      await using stage = new Stage({ seed: seed >>> 0, windowMs: 1_000 });
      const draw = seededRandom(seed);
      let mine = await stage.open();
      for (const { method, type, token, body } of requests) {
        const named = token === "mine" ? mine : token;
        const answer = await stage.fetch(
          method,
          named === "none" ? "" : `&token=${encodeURIComponent(named)}`,
          {
            headers: { "content-type": type },
            body: method === "POST" || method === "DELETE"
              ? body as Uint8Array<ArrayBuffer> | string
              : undefined,
          },
        );
        if (draw.integer(2) === 0) await stage.kit.advance(draw.integer(1_200));
        await stage.kit.advance(1_000);
        const text = await answer.text();
        if (method === "OPTIONS" || method === "DELETE") continue;
        const { status, token: next } = JSON.parse(text);
        assert((method === "GET" ? [200, 204, 410] : [200, 400, 410]).includes(status), text);
        if (next !== undefined) mine = next;
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("longpoll: a session whose authorization ends within a millisecond is found by its token", async () => {
  await using stage: Stage = new Stage({
    authenticate: () => ({ user: { id: "ada" }, expiresAt: stage.kit.clock.now() + 1_000.5 }),
  });
  const token = await stage.open();
  assertEquals(await stage.post(token, JOIN), { status: 200 });
});
