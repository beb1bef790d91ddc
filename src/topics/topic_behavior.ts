import { actor, type Behavior } from "../actors/behavior.ts";
import { Publication } from "./publication.ts";
import { Topic, type TopicMessage, type TopicPorts } from "./topic.ts";
import type { TopicSetup } from "./topic_setup.ts";

/** What a topic is started with. */
export interface TopicArgs {
  readonly name: string;
  readonly setup: TopicSetup;
}

/** The behaviour of topic actors. `mailboxCapacity`: how many messages the mailbox of each holds. */
export function topicBehavior(
  ports: TopicPorts & { readonly mailboxCapacity: number },
): Behavior<TopicMessage, TopicArgs> {
  return actor<TopicMessage, Topic, TopicArgs>({
    name: "topic",
    mailbox: { capacity: ports.mailboxCapacity },
    init(ctx, { name, setup }) {
      const topic = new Topic(name, ports, setup, ctx);
      const started = topic.start();
      return started instanceof Promise ? started.then(() => topic) : topic;
    },
    receive(topic, message) {
      topic.checkFault();
      if (message instanceof Publication) topic.take({ publication: message });
      else receive(topic, message);
      return topic;
    },
    stop: (topic) => topic.stopped(),
  });
}

function receive(topic: Topic, message: Exclude<TopicMessage, Publication>): void {
  switch (message.type) {
    case "subscribe":
      return topic.take({ subscriber: message.subscriber, ask: message.ask });
    case "unsubscribe":
      return topic.unsubscribe(message.subscriber);
    case "extend":
      return topic.extend(message.extension, message.message);
    case "run":
      return message.task();
  }
}
