/** What the tests of this layer subscribe with, and publish in. */

import type { Codec, Frame } from "../../src/protocol/codec.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import type { Turn } from "../../src/protocol/turn.ts";
import type { PatternSubscriber } from "../../src/topics/pattern_topic.ts";
import type { Subscriber } from "../../src/topics/subscriber.ts";
import type { Recovery, ResumeWish } from "../../src/topics/recovery.ts";
import type { Watcher } from "../../src/actors/inside.ts";
import { Topics, type TopicsOptions } from "../../src/topics/topics.ts";
import { APPEND_TIMEOUT_MS, Committer } from "../../src/topics/committer.ts";
import type { Log } from "../../src/topics/log.ts";
import { memoryLog } from "../../src/topics/memory_log.ts";
import { DEFAULT_REPLAY_LIMITS } from "../../src/topics/recovery.ts";
import type { TopicPorts } from "../../src/topics/topic.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { TroupeError } from "../../src/base/errors.ts";
import type { Counters } from "../../src/base/inspect.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { Scheduler } from "../../src/actors/scheduler.ts";
import { type Kit, seededRandom, VirtualClock } from "../../src/testing/mod.ts";

/** Remembers what it is told, in short. */
export class FakeSubscriber implements Subscriber, Watcher {
  readonly codec: Codec;
  readonly connectionId: string;
  readonly userId: string;
  active = true;
  interleaves = false;
  gainsByWaiting = true; // so that a test has a turn in its hand
  wish: ResumeWish | null = null;
  asks?: number;
  readonly log: string[] = [];
  /** How it began, where the topic has a history. */
  recovery: Recovery | null = null;
  readonly turns: Turn[] = [];
  onWrite: (frame: Frame) => void = () => {};

  constructor(id: string, codec: Codec = phoenixV2, userId = id) {
    this.connectionId = id;
    this.userId = userId;
    this.codec = codec;
  }

  committed(): void {
    this.log.push("committed");
  }

  failed(cause: string | null): void {
    this.log.push(`failed ${cause}`);
  }

  subscribed(recovery: Recovery | null): void {
    this.recovery = recovery;
    this.log.push("subscribed");
  }

  turnedAway(error: unknown): void {
    this.log.push(`turned away: ${(error as TroupeError).code}`);
  }

  push(event: string, payload: unknown): void {
    this.log.push(`push of ${event} ${JSON.stringify(payload)}`);
  }

  write(frame: Frame): void {
    this.log.push(eventOf(frame));
    this.onWrite(frame);
  }

  writeTurn(turn: Turn): void {
    this.turns.push(turn);
    this.log.push(`turn of ${turn.frames.map(eventOf).join(" ")}`);
  }

  terminated(): void {
    this.log.push("terminated");
  }
}

/** A member of a pattern: gets what its test lets it. */
export class FakePatternSubscriber extends FakeSubscriber implements PatternSubscriber {
  /** The topics that it was asked about. */
  readonly asked: string[] = [];
  lets: (topic: string) => boolean = () => true;

  mayGet(topic: string): boolean {
    this.asked.push(topic);
    return this.lets(topic);
  }

  /** What it has got, by pattern: `[topic, event, payload]` of each. */
  get got(): unknown[] {
    return this.turns.flatMap(({ frames }) =>
      frames.map(({ data }) => {
        const { topic, event, payload } = JSON.parse(data as string)[4];
        return [topic, event, payload];
      })
    );
  }
}

/** The event of a frame of Phoenix V2; text that is no JSON as it is. */
export function eventOf({ data }: Frame): string {
  if (typeof data !== "string") return `${data.length} bytes`;
  return data.startsWith("[") ? JSON.parse(data)[3] : data;
}

/** A codec that counts its calls of `publication`. */
export function countingCodec(name: string, inner: Codec = phoenixV2): Codec & { count: number } {
  const codec = {
    ...inner,
    name,
    count: 0,
    publication(...args: Parameters<Codec["publication"]>): Frame {
      codec.count++;
      return inner.publication(...args);
    },
  };
  return codec;
}

/** The topics of a kit's system. */
export function topicsOf(kit: Kit, options: TopicsOptions = {}): Topics {
  const { system } = kit;
  return new Topics("topics", {
    clock: system.clock,
    random: system.random,
    scheduler: system.scheduler,
    counters: system.counters,
    logger: system.logger,
    spawn: (behavior, spawnOptions) => system.spawn(behavior, spawnOptions),
  }, options);
}

/** The ports of a topic that is driven by hand. */
export function topicPorts(
  scheduler: Scheduler,
  counters: Counters,
  log: Log = memoryLog({ random: seededRandom(1) }),
  clock: Clock = new VirtualClock(),
): TopicPorts {
  const ports = { scheduler, counters, clock, logger: silentLogger, appendTimeoutMs: APPEND_TIMEOUT_MS };
  return {
    ...ports,
    log,
    committer: new Committer(log, ports),
    random: seededRandom(2),
    replay: DEFAULT_REPLAY_LIMITS,
    crowdSize: 3,
  };
}
