import { assertEquals, fail } from "@std/assert";
import fc from "fast-check";
import { type AnsweringChannel, answerRequests, RequestRefused } from "../../src/protocol/mod.ts";
import { readAnswer } from "../../src/protocol/requests.ts";

/** A channel of a client's, without a network. */
class FakeChannel implements AnsweringChannel {
  readonly pushed: unknown[] = [];
  #callbacks = new Map<number, (payload: unknown) => void>();
  #lastRef = 0;

  on(event: string, callback: (payload: unknown) => void): number {
    assertEquals(event, "troupe:request");
    this.#callbacks.set(++this.#lastRef, callback);
    return this.#lastRef;
  }

  off(_event: string, ref: number): void {
    this.#callbacks.delete(ref);
  }

  push(event: string, payload: object): void {
    assertEquals(event, "troupe:answer");
    this.pushed.push(payload);
  }

  ask(id: string, event: string, payload: unknown = {}): void {
    for (const callback of this.#callbacks.values()) callback({ id, event, payload });
  }
}

Deno.test("answerRequests answers with what the handler returns, now or later", async () => {
  const channel = new FakeChannel();
  answerRequests(channel, {
    now: ({ n }: { n: number }) => ({ n: n + 1 }),
    later: ({ n }: { n: number }) => Promise.resolve({ n: n + 2 }),
    nothing: () => {},
    zero: () => null,
  });
  channel.ask("1", "later", { n: 1 });
  channel.ask("2", "now", { n: 1 });
  channel.ask("3", "nothing");
  channel.ask("4", "zero");
  await Promise.resolve();
  assertEquals(channel.pushed, [
    { id: "2", status: "ok", response: { n: 2 } },
    { id: "3", status: "ok", response: {} },
    { id: "4", status: "ok", response: null },
    { id: "1", status: "ok", response: { n: 3 } },
  ]);
});

Deno.test("answerRequests refuses what it has no handler for, also what every object has", () => {
  const channel = new FakeChannel();
  answerRequests(channel, { poll: () => ({}) });
  for (const event of ["nap", "toString", "__proto__"]) channel.ask("1", event);
  assertEquals(
    channel.pushed,
    ["nap", "toString", "__proto__"].map((event) => ({
      id: "1",
      status: "error",
      response: { reason: "unknown_event", event, accepted: ["poll"] },
    })),
  );
});

Deno.test("answerRequests: a handler that throws or rejects refuses; what was thrown stays here", async () => {
  const channel = new FakeChannel();
  const faults: unknown[] = [];
  const fault = new Error("a secret");
  const handlers = {
    throws: () => {
      throw fault;
    },
    rejects: () => Promise.reject(fault),
    refuses: () => {
      throw new RequestRefused({ reason: "busy" });
    },
  };
  answerRequests(channel, handlers, { failed: (error, event) => faults.push([event, error]) });
  for (const event of Object.keys(handlers)) channel.ask(event, event);
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(channel.pushed, [
    { id: "throws", status: "error", response: { reason: "failed" } },
    { id: "refuses", status: "error", response: { reason: "busy" } },
    { id: "rejects", status: "error", response: { reason: "failed" } },
  ]);
  assertEquals(faults, [["throws", fault], ["rejects", fault]]);
});

Deno.test("answerRequests can be stopped", () => {
  const channel = new FakeChannel();
  const stop = answerRequests(channel, { poll: () => ({}) });
  stop();
  channel.ask("1", "poll");
  assertEquals(channel.pushed, []);
});

Deno.test("an answer is an object with an id and a status, whatever comes", () => {
  assertEquals(readAnswer({ id: "1", status: "ok", response: 7, more: 8 }), {
    id: "1",
    status: "ok",
    response: 7,
  });
  fc.assert(fc.property(fc.anything(), (payload) => {
    const answer = readAnswer(payload);
    if (answer !== null) {
      assertEquals([typeof answer.id, ["ok", "error"].includes(answer.status)], ["string", true]);
    }
  }));
});

Deno.test("a question that is none is not answered: nobody could tell which it was", () => {
  for (const asked of [null, 1, "q", [], {}, { id: 7, event: "poll" }, { id: "q" }, { event: "poll" }]) {
    const channel: AnsweringChannel = {
      on(_event, callback): number {
        callback(asked);
        return 1;
      },
      off() {},
      push: () => fail(`answered ${JSON.stringify(asked)}`),
    };
    answerRequests(channel, { poll: () => ({}) });
  }
});
