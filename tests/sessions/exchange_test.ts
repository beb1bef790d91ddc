import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { joined, refuse, TroupeError } from "../../mod.ts";
import { type Answer, exchange } from "../../src/sessions/exchange.ts";
import type { EventKind } from "../../src/sessions/topic_kind.ts";

const kind = (handler: (payload: unknown) => unknown, options: Partial<EventKind> = {}): EventKind => ({
  handler: (_ctx, payload) => handler(payload),
  payload: null,
  reply: null,
  ...options,
});

const run = async (of: EventKind, payload: unknown = {}): Promise<Answer & { invalid: unknown[] }> => {
  const invalid: unknown[] = [];
  return {
    ...await exchange(of, {}, payload, { invalidReply: (issues) => void invalid.push(issues) }),
    invalid,
  };
};

Deno.test("A handler's result is the response, sync or async; nothing is an empty object", async () => {
  for (const result of [{ n: 1 }, Promise.resolve({ n: 1 })]) {
    const { status, response, isEmpty } = await run(kind(() => result));
    assertEquals({ status, response, isEmpty }, { status: "ok", response: { n: 1 }, isEmpty: false });
  }
  for (const result of [undefined, Promise.resolve()]) {
    const { response, isEmpty } = await run(kind(() => result));
    assertEquals({ response, isEmpty }, { response: {}, isEmpty: true });
  }
});

Deno.test("A synchronous handler is answered without a promise", () => {
  assertEquals(exchange(kind(() => 1), {}, {}, { invalidReply() {} }) instanceof Promise, false);
});

Deno.test("An invalid payload is refused with its issues, and the handler is not called", async () => {
  let calls = 0;
  const text = z.object({ text: z.string() });
  for (const schema of [text, text.refine(() => Promise.resolve(true))]) {
    const { status, response } = await run(kind(() => ++calls, { payload: schema }), { text: 7 });
    assertEquals(status, "error");
    const { reason, issues } = response as { reason: string; issues: { path: string }[] };
    assertEquals([reason, issues[0].path], ["invalid_payload", "text"]);
  }
  assertEquals(calls, 0);
});

Deno.test("The handler gets what the schema has made of the payload", async () => {
  const { response } = await run(
    kind((payload) => payload, { payload: z.object({ n: z.coerce.number() }) }),
    {
      n: "7",
    },
  );
  assertEquals(response, { n: 7 });
});

Deno.test("A reply that the contract refuses becomes an error reply, and is told", async () => {
  for (const result of [{ id: 1 }, Promise.resolve({ id: 1 })]) {
    const { status, response, invalid } = await run(
      kind(() => result, { reply: z.object({ id: z.string() }) }),
    );
    assertEquals([status, (response as { reason: string }).reason], ["error", "invalid_reply"]);
    assertEquals(invalid.length, 1);
  }
});

Deno.test("A refusal is an answer, returned or thrown, sync or async", async () => {
  const refusal = refuse({ reason: "no" });
  const ways = [
    () => refusal,
    () => Promise.resolve(refusal),
    () => Promise.reject(refusal),
    () => {
      throw refusal;
    },
  ];
  for (const way of ways) {
    const { status, response } = await run(kind(way, { reply: z.object({ id: z.string() }) }));
    assertEquals([status, response], ["error", { reason: "no" }]);
  }
});

Deno.test("Full: a full mailbox behind the handler is the answer overloaded; with retryAfterMs where known", async () => {
  for (const code of ["topic_overloaded", "mailbox_full"]) {
    const thrown = new TroupeError(code, "full", { retryable: true });
    const { status, response } = await run(kind(() => Promise.reject(thrown)));
    assertEquals([status, response], ["error", { reason: "overloaded" }]);
  }
  const { response } = await run(kind(() => {
    throw new TroupeError("mailbox_full", "full", { retryAfterMs: 5 });
  }));
  assertEquals(response, { reason: "overloaded", retryAfterMs: 5 });
});

Deno.test("Commit: what the log could not store is an answer where the handler waited for it, and says that it is", async () => {
  const thrown = new TroupeError("not_stored", "the disk is full", { retryable: true });
  const { status, response, isUnstored } = await run(kind(() => Promise.reject(thrown)));
  assertEquals([status, response, isUnstored], ["error", { reason: "not_stored" }, true]);
  assertEquals((await run(kind(() => refuse({ reason: "not_stored" })))).isUnstored, false);
});

Deno.test("Anything else that is thrown is thrown on", async () => {
  assertThrows(() =>
    exchange(
      kind(() => {
        throw new RangeError("boom");
      }),
      {},
      {},
      { invalidReply() {} },
    ), RangeError);
  await assertRejects(() => run(kind(() => Promise.reject(new RangeError("boom")))), RangeError);
});

Deno.test("joined gives the state beside the reply, which is checked alone", async () => {
  const { joined: state, response } = await run(
    kind(() => joined({ secret: 1 }, { id: "a" }), { reply: z.object({ id: z.string() }) }),
  );
  assertEquals([state?.state, response], [{ secret: 1 }, { id: "a" }]);
});
