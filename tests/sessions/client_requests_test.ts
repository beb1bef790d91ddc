import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { App, defineTopic, type Schema, TroupeError } from "../../mod.ts";
import { answerRequests, createCodec, RequestRefused } from "../../src/protocol/mod.ts";
import type { RequestHandlers } from "../../src/contract/mod.ts";
import { AppKit, type AppKitOptions, type FakeConnection } from "../../src/testing/mod.ts";
import { join, PhoenixStage } from "../app/phoenix_client.ts";

const slowly: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "by-hand",
    validate: (value) =>
      Promise.resolve(value === "fine" ? { value } : { issues: [{ message: "it is broken" }] }),
  },
};
const Room = defineTopic("room:{id}", {
  client: { ask: { payload: z.object({ question: z.string() }) }, say: {} },
  server: { said: z.object({}) },
  requests: {
    poll: {
      payload: z.object({ question: z.string(), options: z.array(z.string()).default(["yes", "no"]) }),
      reply: z.object({ yes: z.boolean(), at: z.string().transform(Number).optional() }),
    },
    slow: { reply: slowly },
    wave: {},
  },
});

/** What the handler of `ask` got: the answers, or why there is none, in the order in which they came. */
type Outcomes = unknown[];

/** A room whose handler of `ask` awaits the client's answer. */
async function kitWithRoom(
  options: AppKitOptions = {},
): Promise<{ kit: AppKit; client: FakeConnection; outcomes: Outcomes }> {
  const kit = new AppKit({ authenticate: () => ({ id: "ada" }), ...options });
  const outcomes: Outcomes = [];
  kit.app.topic(Room, {
    on: {
      async ask(ctx, { question }) {
        ctx.broadcast("said", {});
        try {
          outcomes.push(await ctx.request("poll", { question }, { timeoutMs: 5_000 }));
        } catch (error) {
          outcomes.push(error);
          throw error;
        }
      },
      say() {},
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["j","j","room:1","phx_join",{}]');
  await kit.settle();
  client.take();
  return { kit, client, outcomes };
}

const messages = (client: FakeConnection): unknown[] =>
  client.take().map((data) => JSON.parse(data as string));
const reply = (ref: string, status: string, response: unknown): unknown[] => [
  "j",
  ref,
  "room:1",
  "phx_reply",
  { response, status },
];
const poll = (id: string, question: string): unknown[] => [
  "j",
  null,
  "room:1",
  "troupe:request",
  { id, event: "poll", payload: { question, options: ["yes", "no"] } },
];

function answer(client: FakeConnection, ref: string, payload: unknown): void {
  client.send(JSON.stringify(["j", ref, "room:1", "troupe:answer", payload]));
}

/** The codes of errors. */
const codes = (outcomes: Outcomes): string[] =>
  outcomes.map((error) => {
    assertInstanceOf(error, TroupeError);
    return error.code;
  });

Deno.test("request: the handler awaits the client's answer, which gets past what waits for the handler", async () => {
  const { kit, client, outcomes } = await kitWithRoom();
  await using _kit = kit;
  client.send('["j","1","room:1","ask",{"question":"tea?"}]');
  client.send('["j","2","room:1","say",{}]');
  await kit.settle();
  assertEquals(messages(client), [[null, null, "room:1", "said", {}], poll("1", "tea?")]);
  answer(client, "3", { id: "1", status: "ok", response: { yes: true, at: "7" } });
  await kit.settle();
  assertEquals(messages(client), [reply("3", "ok", {}), reply("1", "ok", {}), reply("2", "ok", {})]);
  assertEquals(outcomes, [{ yes: true, at: 7 }]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("requests.sent"), counters.get("requests.answered")], [1, 1]);
});

Deno.test("request: without an answer in time it rejects, and a late answer is told so", async () => {
  const { kit, client, outcomes } = await kitWithRoom();
  await using _kit = kit;
  client.send('["j","1","room:1","ask",{"question":"tea?"}]');
  await kit.advance(4_999);
  assertEquals(outcomes, []);
  await kit.advance(1);
  assertEquals(codes(outcomes), ["request_timeout"]);
  assertEquals((outcomes[0] as TroupeError).retryable, true);
  client.send('["k","k","room:1","phx_join",{}]');
  await kit.settle();
  client.take();
  client.send('["k","4","room:1","troupe:answer",{"id":"1","status":"ok","response":{"yes":true}}]');
  await kit.settle();
  assertEquals(messages(client), [[
    "k",
    "4",
    "room:1",
    "phx_reply",
    { response: { reason: "unknown_request", id: "1" }, status: "error" },
  ]]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("requests.timed_out"), counters.get("requests.late_answers")], [1, 1]);
});

Deno.test("request: an answer that the contract refuses rejects with its issues, and the client hears them", async () => {
  const { kit, client } = await kitWithRoom();
  await using _kit = kit;
  const asked = kit.app.request({ user: "ada" }, [Room, { id: "1" }], "poll", { question: "tea?" });
  await kit.settle();
  client.take();
  answer(client, "2", { id: "1", status: "ok", response: { yes: "maybe" } });
  const error = await assertRejects(() => asked, TroupeError, "at yes");
  assertEquals(error.code, "invalid_reply");
  const [[, , , , { status, response }]] = messages(client) as [
    [0, 0, 0, 0, { status: string; response: { reason: string } }],
  ];
  assertEquals([status, response.reason], ["error", "invalid_reply"]);
  assertEquals(error.details.issues, (response as unknown as { issues: unknown }).issues);
  assertEquals(kit.app.system.counters.get("requests.invalid_replies"), 1);
});

Deno.test("request: a client that refuses rejects it, and its reason is in the details", async () => {
  const { kit, client } = await kitWithRoom();
  await using _kit = kit;
  const asked = kit.app.request({ user: "ada" }, "room:1", "wave", {});
  await kit.settle();
  client.take();
  answer(client, "2", { id: "1", status: "error", response: { reason: "busy" } });
  const error = await assertRejects(() => asked, TroupeError);
  assertEquals([error.code, error.details.response], ["request_refused", { reason: "busy" }]);
  assertEquals(messages(client), [reply("2", "ok", {})]);
  assertEquals(kit.app.system.counters.get("requests.refused"), 1);
});

Deno.test("request: what is no answer is told what one is, and answers nothing", async () => {
  const { kit, client } = await kitWithRoom();
  await using _kit = kit;
  const asked = kit.app.request({ user: "ada" }, "room:1", "wave", {});
  await kit.settle();
  client.take();
  const wrong = [null, 7, "1", [], {}, { id: 1, status: "ok" }, { id: "1" }, { id: "1", status: "maybe" }];
  for (const payload of wrong) answer(client, "2", payload);
  await kit.settle();
  const refused = reply("2", "error", {
    reason: "invalid_answer",
    accepted: '{ id, status: "ok" | "error", response }',
  });
  assertEquals(messages(client), wrong.map(() => refused));
  assertEquals(kit.app.system.counters.get("requests.invalid_answers"), wrong.length);
  answer(client, "3", { id: "1", status: "ok", response: { at: "last" } });
  assertEquals(await asked, { at: "last" });
});

Deno.test("request: the first answer counts", async () => {
  const { kit, client } = await kitWithRoom();
  await using _kit = kit;
  const asked = kit.app.request({ user: "ada" }, "room:1", "wave", {});
  await kit.settle();
  client.take();
  for (const [ref, n] of [["2", 1], ["3", 2]] as const) {
    answer(client, ref, { id: "1", status: "ok", response: { n } });
  }
  assertEquals(await asked, { n: 1 });
  await kit.settle();
  assertEquals(messages(client), [
    reply("2", "ok", {}),
    reply("3", "error", { reason: "unknown_request", id: "1" }),
  ]);
});

Deno.test("request: the end of the channel rejects what waits, however it ends", async () => {
  const ends: Record<string, (client: FakeConnection, kit: AppKit) => void> = {
    leave: (client) => client.send('["j","9","room:1","phx_leave",{}]'),
    rejoin: (client) => client.send('["k","k","room:1","phx_join",{}]'),
    close: (client) => client.close(),
    kick: (_client, kit) => void kit.app.topics.kick({ user: "ada" }, "room:1"),
  };
  for (const [how, end] of Object.entries(ends)) {
    const { kit, client, outcomes } = await kitWithRoom();
    await using _kit = kit;
    const outside = assertRejects(() => kit.app.request({ user: "ada" }, "room:1", "wave", {}), TroupeError);
    client.send('["j","1","room:1","ask",{"question":"tea?"}]');
    await kit.settle();
    const timers = kit.clock.pending;
    end(client, kit);
    await kit.settle();
    assertEquals([(await outside).code, codes(outcomes)], ["request_ended", ["request_ended"]], how);
    assertEquals(kit.app.system.counters.get("requests.ended"), 2, how);
    assert(kit.clock.pending <= timers, how);
  }
});

Deno.test("request: a crash of the channel rejects what waits", async () => {
  await using kit = new AppKit({ authenticate: () => ({ id: "ada" }) });
  kit.app.topic("room:{id}", {
    on: {
      boom() {
        throw new Error("boom");
      },
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["j","j","room:1","phx_join",{}]');
  await kit.settle();
  const asked = assertRejects(() => kit.app.request({ user: "ada" }, "room:1", "anything", 7), TroupeError);
  await kit.settle();
  client.send('["j","1","room:1","boom",{}]');
  await kit.settle();
  assertEquals((await asked).code, "request_ended");
});

Deno.test("request: a client that is away cannot be asked; what it was asked before, it may answer when it is back", async () => {
  await using kit = new AppKit({ authenticate: () => ({ id: "ada" }), limits: { graceMs: 5_000 } });
  kit.app.topic("room:{id}", {});
  const ask = () => kit.app.request({ user: "ada" }, "room:1", "poll", {});
  const first = await kit.connect("/socket/websocket?vsn=2.0.0");
  first.send('["j","j","room:1","phx_join",{}]');
  await kit.settle();
  const [[, , , , joined]] = messages(first) as [[0, 0, 0, 0, { response: { troupe: { session: string } } }]];
  const before = ask();
  first.close(1006);
  await kit.settle();
  const away = await assertRejects(ask, TroupeError);
  assertEquals([away.code, away.retryable], ["client_away", true]);
  assertEquals(kit.app.system.counters.get("requests.away"), 1);
  const second = await kit.connect("/socket/websocket?vsn=2.0.0");
  const claim = { "troupe:session": joined.response.troupe.session };
  second.send(JSON.stringify(["k", "k", "room:1", "phx_join", claim]));
  second.send('["k","1","room:1","troupe:answer",{"id":"1","status":"ok","response":{"yes":true}}]');
  assertEquals(await before, { yes: true });
  const expired = assertRejects(ask, TroupeError);
  second.close(1006);
  await kit.advance(5_000);
  assertEquals((await expired).code, "request_ended");
});

Deno.test("request: only so many wait for one client's answers", async () => {
  const { kit, client } = await kitWithRoom({ limits: { maxRequests: 2 } });
  await using _kit = kit;
  const ask = () => kit.app.request({ user: "ada" }, "room:1", "wave", {});
  const [first, second] = [ask(), ask()];
  const error = await assertRejects(ask, TroupeError);
  assertEquals([error.code, error.retryable], ["too_many_requests", true]);
  assertEquals(kit.app.system.counters.get("requests.too_many"), 1);
  answer(client, "1", { id: "1", status: "ok", response: {} });
  await first;
  const third = ask();
  answer(client, "2", { id: "3", status: "ok", response: { n: 3 } });
  answer(client, "3", { id: "2", status: "ok", response: { n: 2 } });
  assertEquals(await Promise.all([second, third]), [{ n: 2 }, { n: 3 }]);
});

Deno.test("request: a schema that answers later is waited for", async () => {
  const { kit, client } = await kitWithRoom();
  await using _kit = kit;
  const ask = () => kit.app.request({ user: "ada" }, [Room, { id: "1" }], "slow", {});
  const good = ask();
  answer(client, "1", { id: "1", status: "ok", response: "fine" });
  assertEquals(await good, "fine");
  const bad = ask();
  answer(client, "2", { id: "2", status: "ok", response: "broken" });
  assertEquals((await assertRejects(() => bad, TroupeError)).code, "invalid_reply");
  const late = ask();
  await kit.settle();
  client.take();
  answer(client, "3", { id: "3", status: "ok", response: "fine" });
  client.send('["j","9","room:1","phx_leave",{}]');
  assertEquals(await late, "fine");
  await kit.settle();
  assertEquals(messages(client).filter((message) => (message as unknown[])[1] === "3"), []);
});

Deno.test("request: nobody has to await it", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  try {
    const { kit } = await kitWithRoom({ limits: { maxRequests: 1 } });
    await using _kit = kit;
    for (const timeoutMs of [1_000, 1_000]) {
      void kit.app.request({ user: "ada" }, "room:1", "wave", {}, { timeoutMs });
    }
    void kit.app.request({ user: "nobody" }, "room:1", "wave", {});
    await kit.advance(2_000);
    assertEquals(kit.app.system.counters.get("requests.timed_out"), 1);
  } finally {
    globalThis.removeEventListener("unhandledrejection", listener);
  }
  assertEquals(unhandled, []);
});

Deno.test("request: a time-out that is no time, or longer than a day, fails", async () => {
  const { kit } = await kitWithRoom();
  await using _kit = kit;
  for (const timeoutMs of [-1, NaN, Infinity, 86_400_001]) {
    const asked = kit.app.request({ user: "ada" }, "room:1", "wave", {}, { timeoutMs });
    assertEquals((await assertRejects(() => asked, TroupeError, "timeoutMs")).code, "invalid_options");
  }
});

Deno.test("request: what the contract does not let the server ask fails at once", async () => {
  const { kit } = await kitWithRoom();
  await using _kit = kit;
  const timers = kit.clock.pending;
  const codeOf = (topic: string, event: string, payload: unknown, who: unknown = { user: "ada" }): string =>
    assertThrows(() => void kit.app.request(who as { user: string }, topic, event, payload), TroupeError)
      .code;
  assertEquals(codeOf("room:1", "nap", {}), "unknown_event");
  assertEquals(codeOf("room:1", "poll", { question: 7 }), "invalid_payload");
  assertEquals(codeOf("room:9", "poll", { question: 7 }), "invalid_payload");
  assertEquals(codeOf("hall:1", "poll", {}), "unmatched_topic");
  assertEquals(codeOf("room:1", "wave", {}, "all"), "bad_target");
  assertEquals(codeOf("room:1", "wave", { n: 1n }), "unencodable_payload");
  assertEquals(kit.clock.pending, timers); // the request that could not be sent left none
});

Deno.test("request: after the channel's end, a handler that is still at it is told so", async () => {
  await using kit = new AppKit();
  const [left, told] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  kit.app.topic("room:{id}", {
    on: {
      async wait(ctx) {
        await left.promise;
        told.resolve(await ctx.request("wave", {}).catch((error) => error));
      },
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["j","j","room:1","phx_join",{}]');
  client.send('["j","1","room:1","wait",{}]');
  await kit.settle();
  client.send('["j","9","room:1","phx_leave",{}]');
  await kit.settle();
  left.resolve();
  assertEquals(codes([await told.promise]), ["request_ended"]);
});

Deno.test("request: phoenix 1.8.16 answers with answerRequests, on version 2.0.0 and on 2.1.0", async () => {
  const app = new App({ authenticate: ({ params }) => ({ id: params.user }) }).topic(Room, {
    on: {
      async ask(ctx, { question }) {
        const { yes } = await ctx.request("poll", { question });
        if (!yes) throw new Error("the client said no");
      },
      say() {},
    },
  });
  await using stage = new PhoenixStage(app);
  for (const [user, options] of [["ada", {}], ["bob", { vsn: "2.1.0", ...createCodec() }]] as const) {
    const socket = await stage.connected({ params: { user }, ...options });
    const channel = socket.channel("room:1");
    const faults: unknown[] = [];
    answerRequests(
      channel,
      {
        poll: ({ question }) => Promise.resolve({ yes: question.endsWith("?") }),
        slow: () => {
          throw new RequestRefused({ reason: "not now" });
        },
        wave: () => {
          throw new Error("no hands");
        },
      } satisfies RequestHandlers<typeof Room>,
      { failed: (error, event) => faults.push(event, (error as Error).message) },
    );
    await join(channel);
    const asked = await new Promise((resolve) =>
      channel.push("ask", { question: "tea?" }).receive("ok", resolve)
    );
    assertEquals(asked, {});
    const ask = (event: string) =>
      assertRejects(() => app.request({ user }, "room:1", event, {}), TroupeError);
    assertEquals((await ask("slow")).details.response, { reason: "not now" });
    assertEquals((await ask("wave")).details.response, { reason: "failed" });
    assertEquals(faults, ["wave", "no hands"]);
  }
});
