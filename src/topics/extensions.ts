import type { Random } from "../base/random.ts";
import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type {
  ExtendedPublication,
  ExtendedTopic,
  ExtensionMember,
  Greeting,
  TopicExtension,
  TopicExtensionFactory,
} from "./extension.ts";

/** What extensions are given of their topic's surroundings. */
export interface ExtensionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** The extensions of one topic, called one after the other. */
export class Extensions {
  readonly #byName = new Map<string, TopicExtension>();
  readonly #all: readonly TopicExtension[];

  /** Makes them. Throws what one of them throws. */
  constructor(factories: ReadonlyMap<string, TopicExtensionFactory>, topic: ExtendedTopic) {
    for (const [name, make] of factories) this.#byName.set(name, make(topic));
    this.#all = [...this.#byName.values()];
  }

  /** Resolves when all of them are ready; `undefined`: they are. */
  get ready(): Promise<unknown> | undefined {
    const waiting = this.#all.flatMap(({ ready }) => ready === undefined ? [] : [ready]);
    return waiting.length === 0 ? undefined : Promise.all(waiting);
  }

  receive(name: string, message: unknown): void {
    this.#byName.get(name)?.receive?.(message);
  }

  taken(publication: ExtendedPublication): void {
    for (const each of this.#all) each.taken?.(publication);
  }

  committing(): void {
    for (const each of this.#all) each.committing?.();
  }

  /** There is one history, and so one that folds it. */
  snapshot(): string | null {
    for (const each of this.#all) {
      const snapshot = each.snapshot?.() ?? null;
      if (snapshot !== null) return snapshot;
    }
    return null;
  }

  failed(): void {
    for (const each of this.#all) each.failed?.();
  }

  committed(publication: ExtendedPublication): void {
    for (const each of this.#all) each.committed?.(publication);
  }

  joining(member: ExtensionMember): readonly Greeting[] {
    let greetings: Greeting[] = NONE;
    for (const each of this.#all) {
      const greeting = each.joining?.(member) ?? null;
      if (greeting !== null) greetings = [...greetings, greeting];
    }
    return greetings;
  }

  joined(member: ExtensionMember): void {
    for (const each of this.#all) each.joined?.(member);
  }

  left(member: ExtensionMember): void {
    for (const each of this.#all) each.left?.(member);
  }

  stopped(): void {
    for (const each of this.#all) each.stopped?.();
  }
}

const NONE: Greeting[] = [];
