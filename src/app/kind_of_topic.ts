import { type AnyContract, checkedContract } from "../contract/define_topic.ts";
import { TopicPattern } from "../contract/pattern.ts";
import type { AnyTopic, TopicHandlers } from "../sessions/topic_handlers.ts";
import { type TopicKind, topicKind, untyped } from "../sessions/topic_kind.ts";
import type { User } from "../sessions/user.ts";
import { checkTopic } from "./checks.ts";

/**
 * Puts together what `App.topic` was given. JavaScript, or a value that is `any`, gets past the compiler: so it may be
 * anything.
 *
 * @throws {TroupeError} `invalid_contract`, `invalid_handlers`, `invalid_pattern`.
 */
export function kindOfTopic(contract: AnyContract | string, handlers: unknown): TopicKind {
  checkTopic(contract, handlers);
  const topic = typeof contract === "string"
    ? untyped(new TopicPattern(contract))
    : checkedContract(contract);
  return topicKind(topic, handlers as TopicHandlers<AnyTopic, User, unknown>);
}
