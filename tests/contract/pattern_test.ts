import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { compareSpecificity, TopicPattern } from "../../src/contract/pattern.ts";
import { anyCodePoint } from "../code_point.ts";
import { anyPattern, anyTopic } from "./patterns.ts";

const match = (pattern: string, topic: string) => new TopicPattern(pattern).match(topic);

Deno.test("an exact pattern matches its own name alone", () => {
  assertEquals(match("room:lobby", "room:lobby"), {});
  for (
    const other of ["room", "room:", "room:lobb", "room:lobby2", "room:lobby:", "oom:lobby", "Room:lobby", ""]
  ) {
    assertEquals(match("room:lobby", other), null, other);
  }
});

Deno.test("a parameter holds no colon and is not empty", () => {
  assertEquals(match("room:{id}", "room:7"), { id: "7" });
  assertEquals(match("room:{id}:typing", "room:7:typing"), { id: "7" });
  assertEquals(match("{a}:{b}", "x:y"), { a: "x", b: "y" });
  for (const other of ["room", "room:", "room:7:8", "room:7:", "room::7"]) {
    assertEquals(match("room:{id}", other), null, other);
  }
  assertEquals(match("room:{id}:typing", "room::typing"), null);
});

Deno.test("a trailing * matches any rest: empty, with colons, but not without the colon before it", () => {
  for (const topic of ["room:", "room:7", "room:7:typing", "room:::"]) {
    assertEquals(match("room:*", topic), {}, topic);
  }
  for (const other of ["room", "rooms:7", ""]) assertEquals(match("room:*", other), null, other);
  for (const topic of ["", "a", "a:b:"]) assertEquals(match("*", topic), {}, topic);
  assertEquals(match("room:{id}:*", "room:7:a:b"), { id: "7" });
  assertEquals(match("room:{id}:*", "room::a"), null);
});

Deno.test("the topic phoenix is reserved: no pattern is it, matches it or fills to it", () => {
  assertThrows(() => new TopicPattern("phoenix"), TroupeError, "wire protocol");
  for (const pattern of ["*", "{any}"]) assertEquals(match(pattern, "phoenix"), null);
  assertThrows(() => new TopicPattern("{any}").fill({ any: "phoenix" }), TroupeError, "wire protocol");
  assertEquals(match("phoenix:{id}", "phoenix:1"), { id: "1" });
});

Deno.test("a bad pattern fails at definition and says what is accepted", () => {
  const bad = [
    "",
    ":",
    "room:",
    ":room",
    "a::b",
    "room*",
    "*:a",
    "a:*:b",
    "a:**",
    "{",
    "room:{}",
    "room:{1}",
  ];
  bad.push("room:x{id}", "room:{id}x", "room:{a b}", "{a}:{a}", "room:{__proto__}", "{a}{b}", "room:{id}\n");
  for (const source of bad) {
    const error = assertThrows(() => new TopicPattern(source), TroupeError, "Accepted are parts", source);
    assertEquals(error.code, "invalid_pattern");
    assertEquals(error.details.pattern, source);
  }
});

Deno.test("parameters may be named like members of Object", () => {
  const pattern = new TopicPattern("{constructor}:{toString}");
  const params = pattern.match("a:b");
  assert(params !== null);
  assertEquals(Object.getPrototypeOf(params), null);
  assertEquals(Object.entries(params), [["constructor", "a"], ["toString", "b"]]);
  const error = assertThrows(
    () => new TopicPattern<string>("{constructor}").fill({}),
    TroupeError,
    "missing",
  );
  assertEquals(error.details.param, "constructor");
});

Deno.test("fill names the parameter that is missing or unfit", () => {
  const pattern = new TopicPattern<string>("room:{id}:{part}");
  const wrong: [Record<string, string>, string, string][] = [
    [{ id: "7" }, "part", "missing"],
    [{ part: "x" }, "id", "missing"],
    [{ id: "", part: "x" }, "id", "empty"],
    [{ id: "7", part: "x:y" }, "part", "colon"],
    [JSON.parse('{"id":7,"part":"x"}'), "id", "number"],
    [JSON.parse('{"id":null,"part":"x"}'), "id", "not a string"],
  ];
  for (const [params, param, fault] of wrong) {
    const error = assertThrows(() => pattern.fill(params), TroupeError, fault);
    assertEquals(error.code, "invalid_params");
    assertEquals(error.details.param, param);
  }
  assertEquals(pattern.fill({ id: "7", part: "x", more: "ignored" }), "room:7:x");
});

Deno.test("fill refuses a pattern with *: it has no single name", () => {
  assertThrows(() => new TopicPattern("room:*").fill({}), TroupeError, "any rest");
});

Deno.test("patterns of one shape differ in parameter names alone", () => {
  assertEquals(new TopicPattern("room:{id}").shape, new TopicPattern("room:{name}").shape);
  assertNotEquals(new TopicPattern("room:{id}").shape, new TopicPattern("room:id").shape);
  assertEquals(compareSpecificity(new TopicPattern("room:{id}"), new TopicPattern("room:{name}")), 0);
});

Deno.test("a pattern is frozen", () => {
  const pattern = new TopicPattern("room:{id}");
  assert(Object.isFrozen(pattern) && Object.isFrozen(pattern.segments) && Object.isFrozen(pattern.names));
});

Deno.test("text comes before a parameter, a parameter before *, read from the left", () => {
  const sources = [
    "*",
    "room:*",
    "{kind}:lobby",
    "room:{id}",
    "room:lobby",
    "room:{id}:typing",
    "room:{id}:*",
  ];
  const sorted = sources.map((source) => new TopicPattern(source)).sort(compareSpecificity);
  assertEquals(sorted.map((pattern) => pattern.source), [
    "room:lobby",
    "room:{id}:typing",
    "room:{id}:*",
    "room:{id}",
    "room:*",
    "{kind}:lobby",
    "*",
  ]);
});

Deno.test("compareSpecificity is a total order of shapes", () => {
  fc.assert(fc.property(anyPattern, anyPattern, anyPattern, (a, b, c) => {
    assertEquals(Math.sign(compareSpecificity(a, b)), -Math.sign(compareSpecificity(b, a)) + 0);
    assertEquals(compareSpecificity(a, b) === 0, a.shape === b.shape);
    if (compareSpecificity(a, b) <= 0 && compareSpecificity(b, c) <= 0) assert(compareSpecificity(a, c) <= 0);
  }));
});

Deno.test("match gives back what fill took", () => {
  const value = fc.string({ minLength: 1, unit: anyCodePoint }).filter((text) => !text.includes(":"));
  fc.assert(fc.property(anyPattern, fc.infiniteStream(value), (pattern, values) => {
    fc.pre(pattern.segments.at(-1)?.kind !== "rest");
    const params = Object.fromEntries(pattern.names.map((name) => [name, values.next().value ?? "x"]));
    const topic = pattern.fill(params);
    assertEquals(pattern.match(topic), params);
  }));
});

Deno.test("fill gives back what match took, for a pattern without *", () => {
  fc.assert(fc.property(anyPattern, anyTopic, (pattern, topic) => {
    const params = pattern.match(topic);
    if (params !== null && pattern.segments.at(-1)?.kind !== "rest") {
      assertEquals(pattern.fill(params), topic);
    }
  }));
});

Deno.test("match takes any string without a throw, and agrees with a regular expression", () => {
  fc.assert(
    fc.property(anyPattern, fc.oneof(anyTopic, fc.string({ unit: anyCodePoint })), (pattern, topic) => {
      const parts = pattern.segments.map((part) =>
        part.kind === "literal" ? part.text : part.kind === "param" ? "[^:]+" : "[^]*"
      );
      const expected = topic !== "phoenix" && new RegExp(`^${parts.join(":")}$`).test(topic);
      assertEquals(pattern.match(topic) !== null, expected);
    }),
  );
});
