import { actor, type Behavior } from "../actors/behavior.ts";
import {
  type PatternRegister,
  type PatternSubscriber,
  PatternTopic,
  type PatternTopicPorts,
} from "./pattern_topic.ts";
import { Publication } from "./publication.ts";
import type { TopicMessage } from "./topic.ts";
import type { TopicArgs } from "./topic_behavior.ts";

/** The behaviour of the actors of patterns. `mailboxCapacity`: how many messages the mailbox of each holds. */
export function patternBehavior(
  register: PatternRegister,
  ports: PatternTopicPorts & { readonly mailboxCapacity: number },
): Behavior<TopicMessage, TopicArgs> {
  return actor<TopicMessage, PatternTopic, TopicArgs>({
    name: "pattern",
    mailbox: { capacity: ports.mailboxCapacity },
    init: (_ctx, { name }) => new PatternTopic(name, register, ports),
    receive(topic, message) {
      if (message instanceof Publication) message.acknowledge(); // nobody has a way to publish in a pattern
      else if (message.type === "subscribe") topic.subscribe(message.subscriber as PatternSubscriber);
      else if (message.type === "unsubscribe") topic.unsubscribe(message.subscriber as PatternSubscriber);
      return topic;
    },
    stop: (topic) => topic.stopped(),
  });
}
