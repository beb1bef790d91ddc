import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { defineTopic, TroupeError } from "../../mod.ts";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { checkOutgoing } from "../../src/sessions/check_outgoing.ts";
import { topicKind, untyped } from "../../src/sessions/topic_kind.ts";
import type { TopicHandlers } from "../../src/sessions/topic_handlers.ts";

const Room = defineTopic("room:{id}", {
  client: {
    say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) },
    typing: {},
  },
  server: { said: z.object({ text: z.string() }), later: z.object({}).refine(() => Promise.resolve(true)) },
});
const say = () => ({ id: "1" });
const typing = () => {};

/** Handlers as a program without types would write them. */
const untypedKind = (handlers: object): unknown =>
  topicKind(Room, handlers as TopicHandlers<never, never, never>);

Deno.test("A contract needs a handler for each of its events, and takes no other", () => {
  const faults: [object, string][] = [
    [{ on: { say } }, "on.typing is missing"],
    [{ on: { say, typing, shout: say } }, "on.shout handles an event that the contract does not have"],
    [{ on: { say, typing: 7 } }, "on.typing is number"],
    [{ on: { say, typing }, other: say }, '"other" is for topics without a contract'],
    [{ on: { say, typing }, joins: say }, '"joins" is not known'],
    [{ on: { say, typing }, leave: "bye" }, "leave is string"],
    [{}, "on.say is missing"],
  ];
  for (const [handlers, message] of faults) {
    const error = assertThrows(() => untypedKind(handlers), TroupeError);
    assertEquals(error.code, "invalid_handlers");
    assertStringIncludes(error.message, message);
  }
});

Deno.test("Handlers are called on the object that they were given in: an instance will do", () => {
  class Handlers {
    #calls = 0;

    get calls(): number {
      return this.#calls;
    }

    leave(): void {
      this.#calls++;
    }
  }
  const handlers = new Handlers();
  topicKind(untyped(new TopicPattern("t")), handlers).leave?.(null, { kind: "left" });
  assertEquals(handlers.calls, 1);
});

Deno.test("What the server sends is checked against the contract, and only that", () => {
  const kind = topicKind(Room, { on: { say, typing } });
  assertEquals(checkOutgoing(kind, "said", { text: "a", more: 1 }), { text: "a" });
  const codes: [string, unknown, string][] = [
    ["unknown", {}, "unknown_event"],
    ["said", { text: 7 }, "invalid_payload"],
    ["later", {}, "async_schema"],
  ];
  for (const [event, payload, code] of codes) {
    assertEquals(assertThrows(() => checkOutgoing(kind, event, payload), TroupeError).code, code);
  }
  const free = topicKind(untyped(new TopicPattern("t")), {});
  assertEquals(checkOutgoing(free, "anything", 7), 7);
});

Deno.test("With a contract each event is answered; without, only what a handler returns", () => {
  assertEquals(topicKind(Room, { on: { say, typing } }).alwaysReplies, true);
  assertEquals(topicKind(untyped(new TopicPattern("t")), {}).alwaysReplies, false);
});
