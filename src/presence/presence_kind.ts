import type { Counters } from "../base/inspect.ts";
import type { Schema } from "../contract/schema.ts";
import type { TopicExtensionFactory } from "../topics/extension.ts";
import { Presence } from "./presence.ts";
import { type PresenceOptions, type PresenceRules, presenceRules } from "./presence_rules.ts";

/**
 * The presence of all topics of one kind: its rules, and where to find that of a topic which lives. An app may have
 * several lives, e.g. in a test kit: they are told apart by their counters, of which each has its own.
 */
export class PresenceKind {
  /** What holds in each of them. */
  readonly rules: PresenceRules;
  readonly #living = new WeakMap<Counters, Map<string, Presence>>();

  /**
   * `topic`: the pattern, for messages. `schema`: what metas have to fit; `null`: any object does.
   *
   * @throws {TroupeError} `invalid_handlers`.
   */
  constructor(topic: string, options: PresenceOptions, schema: Schema | null) {
    this.rules = presenceRules(topic, options, schema);
  }

  /** Makes the presence of a topic that starts. */
  readonly start: TopicExtensionFactory = (topic) => {
    let living = this.#living.get(topic.counters);
    if (living === undefined) this.#living.set(topic.counters, living = new Map());
    const presence = new Presence(topic, this.rules, () => {
      if (living.get(topic.name) === presence) living.delete(topic.name);
    });
    living.set(topic.name, presence);
    return presence;
  };

  /** Who is present in a topic of the life whose counters these are; `undefined` if it does not live. */
  in(topic: string, counters: Counters): Presence | undefined {
    return this.#living.get(counters)?.get(topic);
  }
}
