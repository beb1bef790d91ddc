import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { Presence as ClientPresence, type PresenceDiff, type PresenceState } from "phoenix";
import { type FakeMember, FakeTopic, told } from "./stage.ts";

type Meta = { phx_ref: string; phx_ref_prev?: string; by?: string };

function metas(payload: unknown, half: "joins" | "leaves", key: string): Meta[] {
  return (payload as Record<string, Record<string, { metas: Meta[] }>>)[half][key].metas;
}

Deno.test("Presence: one who joins gets the diff of the turn, then the state", () => {
  const topic = new FakeTopic();
  const ada = topic.join("ada", "u1");
  assert(topic.touched);
  topic.commit();
  const [[first, diff], [second, state], ...rest] = ada.take();
  assertEquals([first, second, rest.length], ["presence_diff", "presence_state", 0]);
  assertEquals(Object.keys(diff as object), ["joins", "leaves"]);
  assertEquals(told((diff as { joins: unknown }).joins), { u1: [{ by: "ada" }] });
  assertEquals(metas(diff, "joins", "u1"), (state as Record<string, { metas: Meta[] }>).u1.metas);
  assertMatch(metas(diff, "joins", "u1")[0].phx_ref, /^[\w-]{12}\.1$/);
  const bob = topic.join("bob", "u2");
  topic.commit();
  assertEquals(told(bob.take()[1][1]), { u1: [{ by: "ada" }], u2: [{ by: "bob" }] });
  assertEquals(ada.take().map(([event]) => event), ["presence_diff"]);
});

Deno.test("Presence: one who joins where nobody is present gets an empty state", () => {
  const topic = new FakeTopic();
  const ada = topic.join("ada");
  topic.commit();
  assertEquals(ada.take(), [["presence_state", {}]]);
});

Deno.test("Presence: all changes of a turn are one diff, and none makes no diff", () => {
  const topic = new FakeTopic();
  topic.join("ada", "u1", "u2");
  const bob = topic.join("bob", "u1");
  assertEquals(topic.commit().length, 1);
  topic.leave(bob);
  topic.join("eve", "u3");
  const [[event, diff]] = topic.commit();
  assertEquals(event, "presence_diff");
  assertEquals(told((diff as { joins: unknown }).joins), { u3: [{ by: "eve" }] });
  assertEquals(told((diff as { leaves: unknown }).leaves), { u1: [{ by: "bob" }] });
  assertEquals(topic.commit(), []);
  assertEquals(topic.counters.get("presence.changes"), 2);
});

Deno.test("Presence: each tab of a member is present, with what the member says", () => {
  const topic = new FakeTopic({ maxMetasPerKey: 4 });
  const ada = topic.join("ada", "u1", "u2");
  const shown = (key: string) =>
    topic.presence.metasOf(key).map(({ phx_ref: _, phx_ref_prev: __, ...meta }) => meta);
  topic.share(ada, 3);
  topic.commit();
  const by = { by: "ada" };
  assertEquals([shown("u1"), shown("u2")], [[by, by, by], [by, by, by]]);
  assertEquals(new Set(topic.presence.metasOf("u1").map(({ phx_ref }) => phx_ref)).size, 3);
  topic.track(ada, "u1", { n: 1 });
  topic.share(ada, 2);
  const [[, diff]] = topic.commit();
  // An update names what it has taken the place of; a tab that has gone is nowhere.
  assertEquals(metas(diff, "joins", "u1").map(({ phx_ref_prev }) => typeof phx_ref_prev), [
    "string",
    "string",
  ]);
  assertEquals(metas(diff, "leaves", "u1").length, 3);
  assertEquals([shown("u1"), shown("u2")], [[{ n: 1 }, { n: 1 }], [by, by]]);
  // What it says from then on is said for all of them, as far as there is room.
  topic.track(ada, "u3", by);
  const bob = topic.join("bob", "u1");
  topic.share(bob, 9);
  topic.commit();
  assertEquals([shown("u3").length, shown("u1").length], [2, 4]);
  assertEquals(topic.counters.get("presence.too_many_metas"), 1);
  topic.untrack(ada, "u2");
  topic.leave(bob);
  topic.share(ada, 1);
  topic.commit();
  assertEquals([shown("u1").length, shown("u2").length, shown("u3").length], [1, 0, 1]);
  topic.leave(ada);
  topic.commit();
  assertEquals(topic.presence.size, 0);
});

Deno.test("Presence: an update is a join with the reference before, and a leave", () => {
  const topic = new FakeTopic();
  const ada = topic.join("ada", "u1");
  topic.commit();
  topic.track(ada, "u1", { by: "ada", away: true });
  const [[, diff]] = topic.commit();
  const [[join], [leave]] = [metas(diff, "joins", "u1"), metas(diff, "leaves", "u1")];
  assertEquals(join.phx_ref_prev, leave.phx_ref);
  assertNotEquals(join.phx_ref, leave.phx_ref);
  topic.track(ada, "u1", { n: 1 });
  topic.track(ada, "u1", { n: 2 }); // nobody has seen the one before
  const [[, twice]] = topic.commit();
  assertEquals(metas(twice, "joins", "u1").map((meta) => meta.phx_ref_prev), [join.phx_ref]);
  assertEquals(metas(twice, "leaves", "u1").map((meta) => meta.phx_ref), [join.phx_ref]);
  assertEquals(told({ u1: { metas: topic.presence.metasOf("u1") } }), { u1: [{ n: 2 }] });
});

Deno.test("Presence: who comes and goes within a turn was never there", () => {
  const topic = new FakeTopic();
  const ada = topic.join("ada");
  topic.commit();
  topic.track(ada, "u1", {});
  topic.track(ada, "u1", { again: true });
  topic.untrack(ada, "u1");
  assertEquals(topic.commit(), []);
  assertEquals([...topic.presence.keys], []);
});

Deno.test("Presence: all of a member ends with it, and nothing of the others", () => {
  const topic = new FakeTopic();
  const [ada, bob] = [topic.join("ada", "u1", "u2", "u3"), topic.join("bob", "u1")];
  topic.commit();
  topic.untrack(ada, "u3");
  topic.untrack(ada, "nobody");
  topic.leave(ada);
  topic.leave(ada);
  const [[, diff]] = topic.commit();
  assertEquals(Object.keys((diff as { leaves: object }).leaves).sort(), ["u1", "u2", "u3"]);
  assertEquals([...topic.presence.keys], ["u1"]);
  topic.leave(bob);
  topic.commit();
  assertEquals(topic.presence.size, 0);
});

Deno.test("Presence: keys are only names, and a meta may be empty", () => {
  const topic = new FakeTopic();
  const ada = topic.join("ada");
  for (const key of ["__proto__", "constructor", '"', "\u2028"]) topic.track(ada, key, {});
  const [[, diff]] = topic.commit();
  assertEquals(Object.keys((diff as { joins: object }).joins), ["__proto__", "constructor", '"', "\u2028"]);
  const state = ada.take()[1][1] as Record<string, { metas: Meta[] }>;
  assertEquals(Object.keys(state["constructor"].metas[0]), ["phx_ref"]);
});

Deno.test("Presence: a key has its first join and its last leave, once a turn; hooks that fail harm nobody", () => {
  const calls: string[] = [];
  const topic = new FakeTopic({
    onFirstJoin: ({ topic }, { key, metas }) => {
      calls.push(`${topic} +${key} ${metas.map(({ by }) => by)}`);
      if (key === "bad") throw new Error("no");
      if (key === "worse") return Promise.reject(new Error("no"));
    },
    onLastLeave: (_topic, { key, metas }) => void calls.push(`-${key} ${metas.map(({ by }) => by)}`),
  });
  const [ada, bob] = [topic.join("ada", "u1"), topic.join("bob", "u1")];
  topic.commit();
  topic.leave(ada);
  topic.commit();
  assertEquals(calls.splice(0), ["room:1 +u1 ada,bob"]);
  topic.leave(bob);
  const again = topic.join("eve", "u1"); // in the same turn
  topic.commit();
  assertEquals(calls.splice(0), []);
  topic.leave(again);
  topic.join("zoe", "bad", "u2");
  topic.commit();
  assertEquals(calls, ["-u1 eve", "room:1 +bad zoe", "room:1 +u2 zoe"]);
  assertEquals(topic.counters.get("presence.hooks_failed"), 1);
  assertEquals(topic.lines, ["error: presence hook failed"]);
});

Deno.test("Presence: a hook whose promise is rejected is counted and logged", async () => {
  const topic = new FakeTopic({ onFirstJoin: () => Promise.reject(new Error("no")) });
  topic.join("ada", "u1");
  topic.commit();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(topic.counters.get("presence.hooks_failed"), 1);
});

Deno.test("Presence: beyond maxKeys and maxMetasPerKey nobody else is shown, until there is room again", () => {
  const topic = new FakeTopic({ maxKeys: 2, maxMetasPerKey: 2 });
  const members = ["a", "b", "c"].map((id) => topic.join(id, "u1"));
  topic.track(members[0], "u2", {});
  topic.track(members[0], "u3", {});
  topic.commit();
  assertEquals([...topic.presence.keys], ["u1", "u2"]);
  assertEquals(topic.presence.metasOf("u1").length, 2);
  assertEquals(topic.counters.get("presence.too_many_metas"), 1);
  assertEquals(topic.counters.get("presence.too_many_keys"), 1);
  assertEquals(topic.lines, ["warn: presence is full: not everybody is shown"]);
  topic.untrack(members[0], "u3"); // it is not there
  topic.leave(members[1]);
  topic.track(members[2], "u1", {});
  topic.commit();
  assertEquals(topic.presence.metasOf("u1").length, 2);
  topic.track(members[2], "u9", {});
  assertEquals(topic.lines.length, 2);
});

Deno.test("Presence counted: the number and a sample, at the join, and again no sooner than everyMs", () => {
  const topic = new FakeTopic({ mode: "counted", sampleSize: 2, everyMs: 500 });
  const ada = topic.join("ada", "u1");
  topic.commit();
  for (const [event, payload] of ada.take()) {
    assertEquals(event, "troupe:presence");
    const { count, sample } = payload as { count: number; sample: unknown };
    assertEquals([count, told(sample)], [1, { u1: [{ by: "ada" }] }]);
  }
  topic.join("bob", "u2");
  const eve = topic.join("eve", "u3");
  assertEquals(topic.commit(), []);
  const [[, late]] = eve.take();
  assertEquals((late as { count: number }).count, 3);
  assertEquals(Object.keys((late as { sample: object }).sample), ["u1", "u2"]);
  topic.advance(499);
  assertEquals(topic.commit(), []);
  topic.advance(1);
  assertEquals(topic.commit().map(([, payload]) => (payload as { count: number }).count), [3]);
  topic.advance(5_000);
  assertEquals(topic.commit(), []); // nothing is new
  topic.leave(ada);
  assertEquals(topic.commit().length, 1); // at once, since it is long ago
  topic.presence.stopped();
  topic.leave(eve);
  assertEquals(topic.commit(), []);
  topic.advance(5_000);
  assertEquals(topic.commit(), []);
});

Deno.test("Presence with everyMs: what changes meanwhile is told together; one who joins is told what the others know", () => {
  const topic = new FakeTopic({ everyMs: 500 });
  const ada = topic.join("ada", "u1");
  assertEquals(topic.commit().length, 1);
  const bob = topic.join("bob", "u2");
  topic.join("eve", "u3");
  assertEquals(topic.commit(), []);
  assertEquals(Object.keys(bob.take()[0][1] as object), ["u1"]);
  assertEquals([...topic.presence.keys], ["u1", "u2", "u3"]);
  topic.leave(ada);
  topic.untrack(bob, "u2");
  topic.touched = false;
  topic.advance(499);
  assertEquals([topic.touched, topic.commit()], [false, []]);
  topic.advance(1);
  assertEquals(topic.touched, true);
  const [[, diff]] = topic.commit();
  assertEquals(Object.keys((diff as { joins: object }).joins), ["u3"]);
  assertEquals(Object.keys((diff as { leaves: object }).leaves), ["u1"]);
});

Deno.test("Presence paged: the number and the first page at the join, others on request, in the order of arrival", () => {
  const topic = new FakeTopic({ mode: "paged", pageSize: 2 });
  const ada = topic.join("ada", "u1", "u2", "u3");
  assertEquals(topic.commit().map(([, payload]) => payload), [{ count: 3 }]);
  const [, [event, first]] = ada.take();
  const { count, page, next } = first as { count: number; page: object; next: number };
  assertEquals([event, count, Object.keys(page), next], ["troupe:presence", 3, ["u1", "u2"], 2]);
  topic.untrack(ada, "u2");
  const bob: FakeMember = topic.join("bob", "u4", "u5");
  topic.commit();
  const second = topic.page(next) as { count: number; page: object; next: number };
  assertEquals([second.count, Object.keys(second.page), second.next], [4, ["u3", "u4"], 4]);
  assertEquals(Object.keys((topic.page(second.next) as { page: object }).page), ["u5"]);
  assertEquals(topic.page(99), { count: 4, page: {}, next: null });
  assertEquals(bob.take().length, 1);
});

for (const mode of ["counted", "paged"] as const) {
  Deno.test(`Presence ${mode}: one who joins between two tellings is told when all is as before again`, () => {
    const topic = new FakeTopic({ mode, everyMs: 500 });
    topic.join("ada", "u1");
    topic.commit();
    const bob = topic.join("bob", "u2");
    const eve = topic.join("eve");
    topic.commit();
    topic.leave(bob);
    topic.commit();
    topic.advance(500);
    topic.commit();
    assertEquals(eve.take().map(([, payload]) => (payload as { count: number }).count), [2, 1]);
  });
}

/** What may happen in a topic. */
const step = fc.oneof(
  fc.record({
    do: fc.constantFrom("join", "leave", "track", "untrack", "share"),
    who: fc.nat({ max: 5 }),
    key: fc.nat({ max: 3 }),
  }),
  fc.constant({ do: "commit", who: 0, key: 0 }),
);

Deno.test("Presence: whatever happens, the published client's Presence ends with what is present", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const topic = new FakeTopic();
      const members = new Map<number, FakeMember>();
      const views = new Map<FakeMember, PresenceState>();
      const see = (): void => {
        topic.commit();
        for (const member of members.values()) {
          for (const [event, payload] of member.take()) {
            const view = views.get(member);
            if (event === "presence_state") {
              views.set(member, ClientPresence.syncState({}, payload as PresenceState));
            } else if (view !== undefined) {
              views.set(member, ClientPresence.syncDiff(view, payload as PresenceDiff));
            }
          }
        }
      };
      for (const { do: what, who, key } of steps) {
        const member = members.get(who);
        if (what === "commit") see();
        else if (what === "join" && member === undefined) members.set(who, topic.join(`m${who}`, `k${key}`));
        else if (member === undefined) continue;
        else if (what === "leave") {
          members.delete(who);
          topic.leave(member);
        } else if (what === "track") topic.track(member, `k${key}`, { who });
        else if (what === "untrack") topic.untrack(member, `k${key}`);
        else if (what === "share") topic.share(member, key + 1);
      }
      see();
      const present = [...topic.presence.keys].flatMap((key) =>
        topic.presence.metasOf(key).map(({ phx_ref }) => `${key} ${phx_ref}`)
      ).sort();
      for (const member of members.values()) {
        const seen = Object.entries(views.get(member)!).flatMap(([key, { metas }]) =>
          metas.map(({ phx_ref }) => `${key} ${phx_ref}`)
        );
        assertEquals(seen.sort(), present);
      }
    }),
    { numRuns: 500 },
  );
});
