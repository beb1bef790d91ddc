import { messageOf } from "../base/errors.ts";
import { JsonText } from "../base/json_text.ts";
import type { Random } from "../base/random.ts";
import type { ExtendedTopic, ExtensionMember, TopicExtension } from "../topics/extension.ts";
import { Changes, keyText, type Meta, metaText, type Present } from "./changes.ts";
import { PRESENCE_EVENT, type PresenceMessage } from "./presence_message.ts";
import type { PresenceMeta, PresenceRules } from "./presence_rules.ts";
import { Replica } from "./replica.ts";
import { around, Roster } from "./roster.ts";

/**
 * Who is present in a topic: an extension of it. Members say under which keys they are present, and with what; it ends
 * with their membership. All that changes in one turn is told in one publication, behind what the turn has taken in, and
 * is never part of the topic's history.
 */
export class Presence implements TopicExtension {
  readonly #topic: ExtendedTopic;
  readonly #rules: PresenceRules;
  readonly #replica: Replica<Meta>;
  /** Who is present as the others have been told: what the next one who joins is told as well. */
  readonly #roster = new Roster();
  readonly #onStopped: () => void;
  #changes = new Changes();
  /** The references of each owner's metas, by key. */
  readonly #refs = new Map<object, Map<string, string>>();
  /** Whether the bound of keys, or of metas, is met: it is logged once until there is room again. */
  #isFull = false;
  #said: string | null = null;
  /** Takes the wait back after which clients may be told something again; `null`: they may now. */
  #wait: (() => void) | null = null;

  /** `onStopped`: is called when the topic ends. */
  constructor(topic: ExtendedTopic, rules: PresenceRules, onStopped: () => void = () => {}) {
    this.#onStopped = onStopped;
    this.#topic = topic;
    this.#rules = rules;
    this.#replica = new Replica(shortName(topic.random));
  }

  // ── For those outside of the topic ───────────────────────────────────────────────────────────────────────────────

  /** How many keys are present. */
  get size(): number {
    return this.#replica.keyCount;
  }

  /** The keys that are present. */
  get keys(): IterableIterator<string> {
    return this.#replica.keys;
  }

  /** What is known of those who are present under a key. */
  metasOf(key: string): PresenceMeta[] {
    return this.#replica.of(key).map(metaOf);
  }

  // ── In the topic's turn ──────────────────────────────────────────────────────────────────────────────────────────

  receive(message: PresenceMessage): void {
    switch (message.type) {
      case "track":
        return this.#track(message.owner, message.key, message.body);
      case "untrack":
        return this.#untrack(message.owner, message.key);
      case "refresh":
        return this.joined(message.member);
      case "page":
        return message.answer(this.#pageText(message.after));
    }
  }

  /** The owner is no member any more: nothing that it has tracked is present. */
  left(owner: ExtensionMember): void {
    const refs = this.#refs.get(owner);
    if (refs === undefined) return;
    this.#refs.delete(owner);
    for (const ref of refs.values()) this.#remove(ref);
  }

  committing(): void {
    const { mode } = this.#rules;
    if (this.#changes.isEmpty || (mode === "exact" && this.#wait !== null)) return;
    const changes = this.#changes;
    this.#changes = new Changes();
    const calls: (() => void)[] = [];
    for (const [key, left] of changes.byKey()) {
      const present = this.#replica.of(key);
      if (present.length === 0) {
        this.#roster.delete(key);
        calls.push(() => this.#tell("onLastLeave", key, left));
      } else {
        if (!this.#roster.has(key)) calls.push(() => this.#tell("onFirstJoin", key, present));
        this.#roster.set(key, keyText(present));
      }
    }
    this.#topic.counters.add("presence.changes");
    if (mode === "exact") {
      this.#publish("presence_diff", new JsonText(changes.text));
      this.#pause(() => this.#topic.touch());
    } else this.#announce();
    for (const call of calls) call();
  }

  joined(member: ExtensionMember): void {
    const { mode } = this.#rules;
    if (mode === "exact") member.push("presence_state", this.#roster.text);
    else member.push(PRESENCE_EVENT, mode === "counted" ? this.#countText() : this.#pageText(0));
  }

  stopped(): void {
    this.#wait?.();
    this.#onStopped();
  }

  #track(owner: object, key: string, body: string): void {
    let refs = this.#refs.get(owner);
    const ref = refs?.get(key);
    if (ref === undefined) {
      if (!this.#hasRoom(key)) return;
      const { entry } = this.#replica.add(key, { body, prev: null });
      if (refs === undefined) this.#refs.set(owner, refs = new Map());
      refs.set(key, entry.ref);
      this.#changes.joined(entry);
    } else {
      const before = this.#replica.get(ref)!;
      const { entry } = this.#replica.update(ref, { body, prev: this.#changes.prevOf(before) })!;
      refs!.set(key, entry.ref);
      this.#changes.left(before);
      this.#changes.joined(entry);
    }
    this.#topic.touch();
  }

  #untrack(owner: object, key: string): void {
    const refs = this.#refs.get(owner);
    const ref = refs?.get(key);
    if (ref === undefined) return;
    refs!.delete(key);
    if (refs!.size === 0) this.#refs.delete(owner);
    this.#remove(ref);
  }

  #remove(ref: string): void {
    this.#changes.left(this.#replica.remove(ref)!.entry);
    this.#isFull = false;
    this.#topic.touch();
  }

  #hasRoom(key: string): boolean {
    const { maxKeys, maxMetasPerKey } = this.#rules;
    const { counters, logger, name } = this.#topic;
    const count = this.#replica.countOf(key);
    const tooManyKeys = count === 0 && this.#replica.keyCount >= maxKeys;
    if (!tooManyKeys && count < maxMetasPerKey) return true;
    counters.add(tooManyKeys ? "presence.too_many_keys" : "presence.too_many_metas");
    if (!this.#isFull) {
      logger.log("warn", "presence is full: not everybody is shown", {
        topic: name,
        maxKeys,
        maxMetasPerKey,
      });
    }
    this.#isFull = true;
    return false;
  }

  // ── What clients are told ────────────────────────────────────────────────────────────────────────────────────────

  #publish(event: string, payload: JsonText): void {
    this.#topic.publish({ event, payload, kept: false });
  }

  /** Tells the count, unless it was told a moment ago: then when that moment is over. */
  #announce(): void {
    if (this.#wait !== null) return;
    const told = this.#rules.mode === "counted"
      ? this.#countText()
      : new JsonText(`{"count":${this.#roster.size}}`);
    if (told.text === this.#said) return;
    this.#said = told.text;
    this.#publish(PRESENCE_EVENT, told);
    this.#pause(() => this.#announce());
  }

  /** Nothing is told for a while, then `next` is called. */
  #pause(next: () => void): void {
    const { everyMs } = this.#rules;
    if (everyMs === 0) return;
    this.#wait = this.#topic.after(everyMs, () => {
      this.#wait = null;
      next();
    });
  }

  #countText(): JsonText {
    const { entries } = this.#roster.page(0, this.#rules.sampleSize);
    return around(`{"count":${this.#roster.size},"sample":`, entries, "}");
  }

  #pageText(after: number): JsonText {
    const { entries, next } = this.#roster.page(after, this.#rules.pageSize);
    return around(`{"count":${this.#roster.size},"page":`, entries, `,"next":${next}}`);
  }

  /** Calls a hook of the application's. What it throws harms nobody. */
  #tell(hook: "onFirstJoin" | "onLastLeave", key: string, present: readonly Present[]): void {
    const call = this.#rules[hook];
    if (call === undefined) return;
    const { name, counters, logger } = this.#topic;
    const failed = (error: unknown): void => {
      counters.add("presence.hooks_failed");
      logger.log("error", "presence hook failed", { topic: name, hook, key, error: messageOf(error) });
    };
    try {
      const result = call({ topic: name }, { key, metas: present.map(metaOf) });
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function metaOf(present: Present): PresenceMeta {
  return JSON.parse(metaText(present));
}

/** A name for the replica of a topic that starts: 72 random bits, in base64. */
function shortName(random: Random): string {
  const digits = random.uuid().replaceAll("-", "");
  const bytes = Uint8Array.fromHex(digits.slice(0, 12) + digits.slice(14, 16) + digits.slice(18, 22));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
