import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { TroupeError } from "../../src/base/errors.ts";
import { Counters } from "../../src/base/inspect.ts";
import type { Schema } from "../../src/contract/schema.ts";
import { MemberPresence } from "../../src/presence/member_presence.ts";
import { type PresenceOptions, presenceRules } from "../../src/presence/presence_rules.ts";
import type { PresenceMessage } from "../../src/presence/presence_message.ts";

interface Made {
  readonly presence: MemberPresence;
  readonly counters: Counters;
  /** What the topic was told, in short. */
  take(): string[];
  full: boolean;
}

function make(options: PresenceOptions | null = {}, schema: Schema | null = null): Made {
  const told: string[] = [];
  const made = {
    counters: new Counters(),
    full: false,
    take: () => told.splice(0),
    presence: null as unknown as MemberPresence,
  };
  const owner = {};
  const tell = (message: PresenceMessage): boolean => {
    if (made.full) return false;
    if (message.type === "page" || message.type === "refresh") {
      throw new Error(`nobody asks for a ${message.type}`);
    }
    assertEquals(message.owner === owner, true);
    if (message.type === "tabs") told.push(`×${message.tabs}`);
    else told.push(message.type === "track" ? `+${message.key} ${message.body}` : `-${message.key}`);
    return true;
  };
  made.presence = new MemberPresence(
    { topic: "room:1", counters: made.counters, owner, tell },
    options === null ? null : presenceRules("room:{id}", options, schema),
  );
  return made;
}

function joined(options?: PresenceOptions, schema?: Schema | null): Made {
  const made = make(options, schema);
  made.presence.granted();
  return made;
}

function refused(call: () => void, code: string): TroupeError {
  const error = assertThrows(call, TroupeError);
  assertEquals(error.code, code);
  return error;
}

Deno.test("MemberPresence keeps what is said in the join until that is granted", () => {
  const { presence, take } = make();
  presence.track("u1", { n: 1 });
  presence.track("u2", { n: 2 });
  presence.update("u1", { n: 3 });
  presence.untrack("u2");
  assertEquals(take(), []);
  assertEquals(presence.keys, ["u1"]);
  assertEquals(presence.granted(), true);
  assertEquals(take(), ['+u1 {"n":3}']);
  presence.track("u1", { n: 4 });
  assertEquals(take(), ['+u1 {"n":4}']);
});

Deno.test("MemberPresence: a join that is granted in a topic whose mailbox is full says so", () => {
  const made = make();
  made.presence.track("u1", {});
  made.full = true;
  assertEquals(made.presence.granted(), false);
});

Deno.test("MemberPresence: a client that is several tabs says so ahead of what it tracks, and when that changes", () => {
  const { presence, take, counters } = make({ maxTabsPerMember: 3 });
  presence.track("u1", {});
  presence.share(2);
  assertEquals(take(), []);
  presence.granted();
  assertEquals(take(), ["×2", "+u1 {}"]);
  for (const tabs of [2, 1, 3, 9, 4]) assertEquals(presence.share(tabs), true);
  assertEquals(take(), ["×1", "×3"]);
  assertEquals(counters.get("presence.too_many_tabs"), 2);
});

Deno.test("MemberPresence: tabs that the topic has no room to hear of can be said again", () => {
  const made = joined();
  made.full = true;
  assertEquals(made.presence.share(2), false);
  made.full = false;
  assertEquals([made.presence.share(2), made.take()], [true, ["×2"]]);
  assertEquals(make(null).presence.share(2), true); // nobody is shown there
});

Deno.test("MemberPresence untracks one key, or all", () => {
  const { presence, take } = joined();
  for (const key of ["u1", "u2", "u3"]) presence.track(key, {});
  take();
  presence.untrack("u2");
  presence.untrack("u2");
  presence.untrack();
  assertEquals(take(), ["-u2", "-u1", "-u3"]);
  assertEquals(presence.keys, []);
});

Deno.test("MemberPresence updates only what it has", () => {
  const { presence } = joined();
  presence.track("u1", {});
  const error = refused(() => presence.update("u2", {}), "not_tracked");
  assertStringIncludes(error.message, '"u1"');
});

Deno.test("MemberPresence: a topic without presence says what to do", () => {
  const error = refused(() => make(null).presence.track("u1", {}), "no_presence");
  assertStringIncludes(error.message, "presence: {}");
});

Deno.test("MemberPresence refuses what is no key and no meta, and counts it", () => {
  const { presence, counters, take } = joined({ maxKeyBytes: 4, maxMetaBytes: 20 });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const faults: [key: unknown, meta: unknown, fault: string][] = [
    [7, {}, "the key is a number"],
    ["", {}, "the key has 0 bytes"],
    ["ééé", {}, "the key has 6 bytes"],
    ["abcde", {}, "the key has 5 bytes"],
    ["u1", "text", "the meta is a string"],
    ["u1", null, "the meta is null"],
    ["u1", [1], "the meta is an array"],
    ["u1", { phx_ref: "1" }, "phx_ref of its own"],
    ["u1", { phx_ref_prev: "1" }, "phx_ref_prev of its own"],
    ["u1", { text: "0123456789" }, "the meta has 21 bytes"],
    ["u1", cycle, "JSON cannot carry the meta"],
    ["u1", { toJSON: () => 7 }, "the meta is no object as JSON"],
    ["u1", { toJSON: () => undefined }, "the meta is no object as JSON"],
  ];
  for (const [key, meta, fault] of faults) {
    const error = refused(() => presence.track(key as string, meta), "invalid_presence");
    assertStringIncludes(error.message, fault);
    assertStringIncludes(error.message, "Accepted:");
  }
  assertEquals(counters.get("presence.invalid"), faults.length);
  presence.track("u1", { text: "012345678" }); // as large as may be
  presence.track("éé", {});
  assertEquals(take().length, 2);
});

Deno.test("MemberPresence: a member has so many keys, and no more", () => {
  const { presence, counters } = joined({ maxKeysPerMember: 2 });
  presence.track("u1", {});
  presence.track("u2", {});
  presence.track("u2", { again: true });
  refused(() => presence.track("u3", {}), "too_many_presences");
  assertEquals(counters.get("presence.too_many_of_member"), 1);
  presence.untrack("u1");
  presence.track("u3", {});
});

Deno.test("MemberPresence: a full mailbox is an error that passes, and nothing is remembered", () => {
  const made = joined();
  made.full = true;
  assertEquals(refused(() => made.presence.track("u1", {}), "topic_overloaded").retryable, true);
  assertEquals(made.counters.get("topics.overloaded"), 1);
  assertEquals(made.presence.keys, []);
  made.full = false;
  made.presence.track("u1", {});
  made.full = true;
  refused(() => made.presence.untrack(), "topic_overloaded");
  assertEquals(made.presence.keys, ["u1"]);
});

Deno.test("MemberPresence checks metas by the contract, and tracks what comes of it", () => {
  const { presence, take } = joined({}, z.object({ name: z.string().trim() }));
  presence.track("u1", { name: " Ada " });
  assertEquals(take(), ['+u1 {"name":"Ada"}']);
  const error = refused(() => presence.track("u1", { name: 7 }), "invalid_presence");
  assertStringIncludes(error.message, "at name:");
  assertEquals((error.details.issues as unknown[]).length, 1);
  const slow = joined({}, z.object({}).refine(() => Promise.resolve(true)));
  refused(() => slow.presence.track("u1", {}), "async_schema");
});
