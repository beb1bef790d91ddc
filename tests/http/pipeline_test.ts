import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { Values } from "../../src/base/values.ts";
import type { IncomingMessage, Middleware, MiddlewareConnection } from "../../src/http/middleware.ts";
import { Pipeline } from "../../src/http/pipeline.ts";
import { Upgrade } from "../../src/http/upgrade.ts";

const MESSAGE: IncomingMessage = { topic: "t", event: "e", ref: "1", joinRef: "1", payload: {} };

function connection(): MiddlewareConnection {
  const url = new URL("http://app.example/socket");
  return {
    user: { id: "u" },
    info: { id: "c", remoteAddress: "", url, headers: new Headers(), values: new Values() },
  };
}

function upgrade(): Upgrade {
  const request = new Request("http://app.example/socket");
  return new Upgrade({ request }, new URL(request.url), "192.0.2.1", "websocket");
}

/** A pipeline, and what its hooks and its faults have said. */
function stage(...steps: Middleware[]) {
  const faults: unknown[] = [];
  const pipeline = new Pipeline(
    steps,
    (name, hook, error) => faults.push([name, hook, (error as Error).message]),
  );
  return { pipeline, faults };
}

/** A step that notes each hook, and answers `verdict` to `message`. */
function noting(name: string, notes: string[], isAsync = false): Middleware {
  const note = (hook: string): null | Promise<null> => {
    notes.push(`${name} ${hook}`);
    return isAsync ? Promise.resolve(null) : null;
  };
  return {
    name,
    upgrade: () => note("upgrade"),
    open: () => note("open"),
    message: () => note("message"),
    close: () => void note("close"),
  };
}

Deno.test("Pipeline runs its steps in order, and close in the opposite one", () => {
  const notes: string[] = [];
  const { pipeline } = stage(noting("a", notes), noting("b", notes));
  const here = connection();
  pipeline.upgrade(upgrade());
  pipeline.open(here);
  pipeline.message(here, MESSAGE);
  pipeline.close(here, 1000, "");
  assertEquals(notes, [
    "a upgrade",
    "b upgrade",
    "a open",
    "b open",
    "a message",
    "b message",
    "b close",
    "a close",
  ]);
});

Deno.test("Pipeline makes no promise where no step does", () => {
  const { pipeline } = stage(noting("a", []), { name: "b", message() {} });
  const here = connection();
  const answers = [
    pipeline.upgrade(upgrade()),
    pipeline.open(here),
    pipeline.message(here, MESSAGE),
    pipeline.close(here, 1000, ""),
  ];
  assertEquals(answers.some((answer) => answer instanceof Promise), false);
});

Deno.test("Pipeline goes on behind a promise, in order", async () => {
  const notes: string[] = [];
  const { pipeline } = stage(noting("a", notes, true), noting("b", notes), noting("c", notes, true));
  const pending = pipeline.message(connection(), MESSAGE);
  assertInstanceOf(pending, Promise);
  assertEquals(notes, ["a message"]);
  assertEquals(await pending, null);
  assertEquals(notes, ["a message", "b message", "c message"]);
  assertEquals(await pipeline.open(connection()), null);
  assertEquals(await pipeline.upgrade(upgrade()), null);
});

Deno.test("Pipeline ends the row at the first verdict, at once or behind a promise", async () => {
  const notes: string[] = [];
  const response = new Response(null, { status: 401 });
  const now: Middleware = {
    name: "now",
    upgrade: () => response,
    open: () => ({ action: "close", code: 4000, reason: "no" }),
    message: () => ({ action: "drop" }),
  };
  const later: Middleware = {
    name: "later",
    upgrade: () => Promise.resolve({ status: 403, reason: "nobody" }),
    open: () => Promise.resolve({ action: "close", code: 4001, reason: "no" }),
    message: () => Promise.resolve({ action: "reply", response: 1 }),
  };
  const [first, second] = [
    stage(now, noting("z", notes)).pipeline,
    stage(later, noting("z", notes)).pipeline,
  ];
  assertEquals(first.upgrade(upgrade()), response);
  assertEquals(first.open(connection()), { action: "close", code: 4000, reason: "no" });
  assertEquals(first.message(connection(), MESSAGE), { action: "drop" });
  assertEquals(await second.upgrade(upgrade()), { status: 403, reason: "nobody" });
  assertEquals(await second.open(connection()), { action: "close", code: 4001, reason: "no" });
  assertEquals(await second.message(connection(), MESSAGE), { action: "reply", response: 1 });
  assertEquals(notes, []);
});

Deno.test("Pipeline: a hook that throws or rejects lets nobody in, and is told of", async () => {
  const boom = (): never => {
    throw new Error("boom");
  };
  const throwing: Middleware = { name: "throws", upgrade: boom, open: boom, message: boom, close: boom };
  const rejecting: Middleware = {
    name: "rejects",
    upgrade: () => Promise.reject(new Error("boom")),
    open: () => Promise.reject(new Error("boom")),
    message: () => Promise.reject(new Error("boom")),
    close: () => Promise.reject(new Error("boom")),
  };
  const notes: string[] = [];
  for (const step of [throwing, rejecting]) {
    const { pipeline, faults } = stage(noting("a", notes), step);
    const internal = { action: "close" as const, code: 1011, reason: "internal error" };
    assertEquals(await pipeline.upgrade(upgrade()), { status: 500, reason: "middleware_failed" });
    assertEquals(await pipeline.open(connection()), internal);
    assertEquals(await pipeline.message(connection(), MESSAGE), internal);
    notes.length = 0;
    await pipeline.close(connection(), 1000, "");
    assertEquals(notes, ["a close"], "the others hear of the close all the same");
    assertEquals(faults, ["upgrade", "open", "message", "close"].map((hook) => [step.name, hook, "boom"]));
  }
});

Deno.test("Pipeline: what is no verdict lets nobody in", async () => {
  for (const slip of [false, "no", 403, { status: 403 }, { status: "403", reason: "x" }]) {
    for (const answer of [slip, Promise.resolve(slip)]) {
      const { pipeline, faults } = stage({ name: "slips", upgrade: () => answer as never });
      assertEquals(await pipeline.upgrade(upgrade()), { status: 500, reason: "middleware_failed" });
      assertEquals(faults.length, 1);
    }
  }
});

Deno.test("Pipeline asks only those that look at messages", () => {
  const { pipeline } = stage({ name: "a", open() {} });
  assertEquals([pipeline.readsMessages, pipeline.isEmpty], [false, false]);
  pipeline.add({ name: "b", message() {} });
  assertEquals(pipeline.readsMessages, true);
});

Deno.test("Pipeline refuses what is no middleware, and says what is", () => {
  const { pipeline } = stage();
  const faults: [unknown, string][] = [
    [{ upgrade() {} }, "its name is a undefined"],
    [{ name: "x" }, "it has no hook"],
    [{ name: "x", open: 1, message: "m" }, "its open and message is no function"],
  ];
  for (const [step, fault] of faults) {
    const error = assertThrows(() => pipeline.add(step as Middleware), TroupeError, fault);
    assertEquals(error.code, "invalid_middleware");
  }
  assert(pipeline.isEmpty);
});

Deno.test("Upgrade adds the headers that steps ask for to the answer, and makes nothing that nobody asks for", () => {
  const quiet = upgrade();
  assertEquals([quiet.left, quiet.answered(new Response()).headers.has("set-cookie")], [null, false]);
  const asked = upgrade();
  asked.responseHeaders.append("set-cookie", "a=1");
  asked.responseHeaders.append("set-cookie", "b=2");
  assertEquals(asked.answered(new Response()).headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(asked.left, null);
  assertEquals(asked.values, asked.left);
});
