import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { LogTopics } from "../../src/topics/log_topics.ts";

/** A register of topics that are known by their own names. */
function register(max: number, names: string) {
  let refusals = 0;
  const topics = new LogTopics<string>(max, () => refusals++);
  for (const name of names) topics.set(name, name);
  return { topics, refusals: () => refusals };
}

Deno.test("those that were used longest ago have to go, and none of those that room is made for", () => {
  const { topics } = register(3, "abc");
  assertEquals(topics.victims(["c", "a"]), []);
  topics.use("a");
  assertEquals(topics.victims(["d"]), ["b"]);
  assertEquals(topics.victims(["b", "d"]), ["c"]);
  assertEquals([topics.oldest(), topics.oldest("b")], ["b", "c"]);
});

Deno.test("what is held goes last, until each hold is released", () => {
  const { topics } = register(3, "abc");
  topics.hold("a");
  topics.hold("a");
  assertEquals([topics.victims(["d"]), topics.oldest()], [["b"], "b"]);
  topics.release("a");
  assertEquals(topics.victims(["d"]), ["b"]);
  topics.release("a");
  topics.release("a");
  topics.use("b");
  topics.use("c");
  assertEquals(topics.victims(["d"]), ["a"]);
});

Deno.test("a topic may be held before it is kept, and stays held when it is forgotten", () => {
  const { topics } = register(2, "");
  topics.hold("a");
  topics.set("a", "a");
  topics.set("b", "b");
  assertEquals(topics.victims(["c"]), ["b"]);
  topics.delete("a");
  topics.set("a", "a again");
  assertEquals([topics.victims(["c"]), topics.size], [["b"], 2]);
  topics.clear();
  assertEquals([topics.size, topics.get("a"), topics.oldest()], [0, undefined, undefined]);
});

Deno.test("where too many are held, a topic more is refused: the error names the bound, its option and the topic", () => {
  const { topics, refusals } = register(2, "ab");
  for (const name of ["a", "b", "c"]) topics.hold(name);
  const { code, retryable, message, details } = assertThrows(() => topics.victims(["b", "c"]), TroupeError);
  assertEquals([code, retryable, details], ["log_topics_full", true, { topic: "c", maxTopics: 2 }]);
  assertEquals(["2 topics", "maxTopics", '"c"'].filter((part) => !message.includes(part)), []);
  assertEquals([refusals(), topics.size], [1, 2]);
  topics.release("a");
  assertEquals(topics.victims(["c"]), ["a"]);
});

Deno.test("whatever is used, held and forgotten, none is lost, and two looks a use get through all", () => {
  const name = fc.constantFrom(..."abcdef");
  const step = fc.record({ name, act: fc.constantFrom("set", "use", "hold", "release", "delete") });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const { topics } = register(100, "");
    const kept = new Set<string>();
    for (const { name, act } of steps) {
      if (act === "set") topics.set(name, name);
      else topics[act](name);
      if (act === "set") kept.add(name);
      else if (act === "delete") kept.delete(name);
      assertEquals([topics.size, topics.get(name)], [kept.size, kept.has(name) ? name : undefined]);
    }
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 2 * kept.size + 3; i++) seen.add(topics.next());
    seen.delete(undefined);
    assertEquals([...seen].sort(), [...kept].sort());
  }));
});
