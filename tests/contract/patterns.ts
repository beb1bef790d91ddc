/** Patterns and topics from a small alphabet, so that they meet often. */

import fc from "fast-check";
import { TopicPattern } from "../../src/contract/pattern.ts";

const literal = fc.constantFrom("room", "lobby", "a", "b");
const part = fc.oneof(literal, literal, fc.constantFrom("{}", "{}"));

/** Any valid pattern of one to five parts. */
export const anyPattern: fc.Arbitrary<TopicPattern> = fc
  .tuple(fc.array(part, { maxLength: 4 }), fc.oneof(part, fc.constant("*")), fc.constantFrom("p", "q"))
  .map(([head, last, name]) =>
    new TopicPattern([...head, last].map((text, i) => text === "{}" ? `{${name}${i}}` : text).join(":"))
  );

/** Any topic that such a pattern may match, and some that none does. */
export const anyTopic: fc.Arbitrary<string> = fc
  .array(fc.oneof(literal, literal, fc.constantFrom("", "x", "{}", "*", "phoenix", "__proto__")), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(":"));
