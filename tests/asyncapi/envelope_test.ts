import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { headers } from "../../src/asyncapi/envelope.ts";
import { RESERVED_TOPIC, TopicPattern } from "../../src/contract/pattern.ts";
import { anyPattern, anyTopic } from "../contract/patterns.ts";

Deno.test("the header topic takes what the pattern matches, and nothing else", () => {
  fc.assert(fc.property(anyPattern, anyTopic, (pattern, topic) => {
    fc.pre(topic !== RESERVED_TOPIC); // Nobody can say anything there.
    const envelope = { joinRef: "given", ref: "none", event: "e" } as const;
    const { properties } = headers(envelope, pattern) as {
      properties: { topic: { const?: string; pattern?: string } };
    };
    const { const: exact, pattern: form } = properties.topic;
    // As JSON Schema has it (draft 07, section 6.3.3): ECMA 262, best with the flag u.
    const fits = form === undefined ? exact === topic : new RegExp(form, "u").test(topic);
    assertEquals(fits, pattern.match(topic) !== null);
  }));
});

Deno.test("signs of regular expressions in a pattern stand for themselves", () => {
  const { properties } = headers(
    { joinRef: "given", ref: "none", event: "e" },
    new TopicPattern("a.b(c)|[d]/$:{id}"),
  );
  const { pattern } = (properties as { topic: { pattern: string } }).topic;
  assertEquals(new RegExp(pattern, "u").test("a.b(c)|[d]/$:7"), true);
  assertEquals(new RegExp(pattern, "u").test("aXb(c)|[d]/$:7"), false);
});
