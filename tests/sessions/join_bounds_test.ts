import { assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { exceededBound, unavailable } from "../../src/sessions/join_bounds.ts";
import { patternKind } from "../../src/sessions/pattern_kind.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/sessions/session_limits.ts";
import { topicKind, untyped } from "../../src/sessions/topic_kind.ts";

const topic = topicKind(untyped(new TopicPattern("room:{id}")), {});
const pattern = patternKind("room:*", { match: () => true });
const limits = { ...DEFAULT_SESSION_LIMITS, maxChannels: 3, maxPatterns: 1 };

Deno.test("a session has so many channels, and so many of them are patterns", () => {
  const [one, gone] = [{ kind: pattern, finished: false }, { kind: pattern, finished: true }];
  const plain = { kind: topic, finished: false };
  assertEquals(exceededBound(limits, pattern, [plain, gone], 1), null);
  assertEquals(exceededBound(limits, topic, [one, plain], 2), null);
  assertEquals(exceededBound(limits, pattern, [one], 1), {
    counter: "patterns.too_many",
    response: { reason: "too_many_patterns", maxPatterns: 1 },
  });
  assertEquals(exceededBound(limits, topic, [plain, plain, plain], 3)?.counter, "channels.too_many");
});

Deno.test("what cannot be held is said by its code, and when to try again", () => {
  assertEquals(unavailable(new TroupeError("too_many_children", "")), { reason: "too_many_topics" });
  const crashed = new TroupeError("topic_unavailable", "", { retryable: true, retryAfterMs: 100 });
  assertEquals(unavailable(crashed), { reason: "topic_unavailable", retryAfterMs: 100 });
  assertThrows(() => unavailable(new RangeError("a bug")), RangeError, "a bug");
});
