import type { ExtendedTopic, ExtensionPublication, TopicPast } from "./extension.ts";
import type { ExtensionPorts } from "./extensions.ts";

/** A timer of an actor. */
interface HostTimer {
  cancel(): void;
}

/** A topic's actor, which runs what is given to it in its own turn. */
export interface RunningHost {
  after(delayMs: number, message: { readonly type: "run"; readonly task: () => void }): HostTimer;
  every(periodMs: number, message: { readonly type: "run"; readonly task: () => void }): HostTimer;
}

/** What extensions may do in their topic. */
export interface HostedTopic {
  readonly name: string;
  /** Its members, or how many there are. */
  readonly members: { readonly size: number };
  publish(publication: ExtensionPublication): void;
  touch(): void;
}

/** The topic, as its extensions see it. */
export function hostedTopic(
  { name, members, publish, touch }: HostedTopic,
  { clock, random, counters, logger }: ExtensionPorts,
  host: RunningHost,
  past: TopicPast | null,
): ExtendedTopic {
  return {
    name,
    get memberCount() {
      return members.size;
    },
    clock,
    random,
    counters,
    logger,
    past,
    publish,
    touch,
    after(delayMs, task) {
      const timer = host.after(delayMs, { type: "run", task });
      return () => timer.cancel();
    },
    every(periodMs, task) {
      const timer = host.every(periodMs, { type: "run", task });
      return () => timer.cancel();
    },
  };
}
