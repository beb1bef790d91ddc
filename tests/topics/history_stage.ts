/** A topic with a history whose log takes its time, driven by hand. */

import { Counters } from "../../src/base/inspect.ts";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { Publication, type SubscriberFilter } from "../../src/topics/publication.ts";
import { DEFAULT_REPLAY_LIMITS } from "../../src/topics/recovery.ts";
import { Topic } from "../../src/topics/topic.ts";
import { memoryLog } from "../../src/topics/memory_log.ts";
import type { TopicSetup } from "../../src/topics/topic_setup.ts";
import { ManualTurns, seededRandom, VirtualClock } from "../../src/testing/mod.ts";
import { FakeSubscriber, topicPorts } from "./fixtures.ts";
import { SlowLog } from "./slow_log.ts";
import type { Frame } from "../../src/protocol/codec.ts";
import type { Published, TopicTurn } from "../../src/topics/topic_turn.ts";

const SETUP: TopicSetup = { history: { size: 1_000, ttlMs: 60_000, folded: false }, extensions: new Map() };

/** Remembers the offsets that it gets. */
export class Reader extends FakeSubscriber {
  readonly offsets: number[] = [];

  override write(_frame: Frame, published?: Published): void {
    if (published?.position) this.offsets.push(published.position.offset);
  }

  override writeTurn(turn: TopicTurn): void {
    for (const { position } of turn.published) if (position !== null) this.offsets.push(position.offset);
  }
}

/** A log, topics that use it, and the turns in the test's hand. */
export function setUp(maxReplay = 1_000, extensions: TopicSetup["extensions"] = new Map()) {
  const turns = new ManualTurns();
  const clock = new VirtualClock();
  const scheduler = new Scheduler(clock, { turns });
  const counters = new Counters();
  const log = new SlowLog(memoryLog({ random: seededRandom(1), clock }));
  const ports = {
    ...topicPorts(scheduler, counters, log, clock),
    replay: { ...DEFAULT_REPLAY_LIMITS, maxReplay, maxReplayBytes: 1e9 },
  };
  const topics = new Map<string, Topic>();
  const topic = (name = "t"): Topic => {
    let made = topics.get(name);
    if (made === undefined) {
      topics.set(name, made = new Topic(name, ports, { ...SETUP, extensions }));
      void made.start();
    }
    return made;
  };
  return {
    log,
    clock,
    counters,
    topic,
    turn: () => turns.give(),
    drain: () => scheduler.drain(),
    publish(
      origin: FakeSubscriber | null = null,
      name = "t",
      kept = true,
      filter: SubscriberFilter | null = null,
    ): Publication {
      const publication = new Publication(name, "said", {}, origin, filter);
      publication.cause = "ref";
      if (kept) publication.keep(clock.now(), null);
      topic(name).take({ publication });
      return publication;
    },
    subscribe(subscriber: FakeSubscriber, offset: number | null = null, name = "t"): void {
      const { epoch } = log.head(name);
      subscriber.wish = offset === null
        ? null
        : { epoch, offset, last: 0, state: false, formerConnectionIds: [] };
      topic(name).take({ subscriber, ask: subscriber.asks });
    },
  };
}
