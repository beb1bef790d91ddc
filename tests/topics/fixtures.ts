/** What the tests of this layer subscribe with, and publish in. */

import type { Codec, Frame } from "../../src/protocol/codec.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import type { Turn } from "../../src/protocol/turn.ts";
import type { Subscriber } from "../../src/topics/subscriber.ts";
import type { Watcher } from "../../src/actors/inside.ts";
import { Topics, type TopicsOptions } from "../../src/topics/topics.ts";
import type { Kit } from "../../src/testing/mod.ts";

/** Remembers what it is told, in short. */
export class FakeSubscriber implements Subscriber, Watcher {
  readonly codec: Codec;
  readonly connectionId: string;
  readonly userId: string;
  active = true;
  interleaves = false;
  gainsByWaiting = true; // so that a test has a turn in its hand
  readonly log: string[] = [];
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

  subscribed(): void {
    this.log.push("subscribed");
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
