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
  /** The references of each owner's metas, by key: one for each tab that it stands for. */
  readonly #refs = new Map<object, Map<string, string[]>>();
  /** How many tabs an owner stands for, where that is more than one. */
  readonly #tabs = new Map<object, number>();
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
      case "tabs":
        return this.#share(message.owner, message.tabs);
      case "refresh":
        return this.joined(message.member);
      case "page":
        return message.answer(this.#pageText(message.after));
    }
  }

  /** The owner is no member any more: nothing that it has tracked is present. */
  left(owner: ExtensionMember): void {
    this.#tabs.delete(owner);
    const keys = this.#refs.get(owner);
    if (keys === undefined) return;
    this.#refs.delete(owner);
    for (const refs of keys.values()) refs.forEach((ref) => this.#remove(ref));
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
    if (mode === "exact") return member.push("presence_state", this.#roster.text);
    const news = this.#news;
    member.push(PRESENCE_EVENT, mode === "counted" ? news : this.#pageText(0));
    // It knows more than the others: should all be as before when they are told next, it has to be told so.
    if (news.text !== this.#said) this.#said = null;
  }

  stopped(): void {
    this.#wait?.();
    this.#onStopped();
  }

  #track(owner: object, key: string, body: string): void {
    const refs = this.#refs.get(owner)?.get(key) ?? [];
    refs.forEach((ref, i) => refs[i] = this.#update(ref, body));
    this.#fit(owner, key, refs, body);
  }

  #update(ref: string, body: string): string {
    const before = this.#replica.get(ref)!;
    const { entry } = this.#replica.update(ref, { body, prev: this.#changes.prevOf(before) })!;
    this.#changes.left(before);
    this.#changes.joined(entry);
    this.#topic.touch();
    return entry.ref;
  }

  #share(owner: object, tabs: number): void {
    if (tabs > 1) this.#tabs.set(owner, tabs);
    else this.#tabs.delete(owner);
    for (const [key, refs] of this.#refs.get(owner) ?? []) {
      this.#fit(owner, key, refs, this.#replica.get(refs[0])!.value.body);
    }
  }

  /** Has as many metas of an owner under a key as it has tabs. */
  #fit(owner: object, key: string, refs: string[], body: string): void {
    const tabs = this.#tabs.get(owner) ?? 1;
    while (refs.length > tabs) this.#remove(refs.pop()!);
    while (refs.length < tabs && this.#hasRoom(key)) {
      const { entry } = this.#replica.add(key, { body, prev: null });
      this.#changes.joined(entry);
      this.#topic.touch();
      refs.push(entry.ref);
    }
    if (refs.length === 0) return;
    const keys = this.#refs.get(owner);
    if (keys === undefined) this.#refs.set(owner, new Map([[key, refs]]));
    else keys.set(key, refs);
  }

  #untrack(owner: object, key: string): void {
    const keys = this.#refs.get(owner);
    const refs = keys?.get(key);
    if (refs === undefined) return;
    keys!.delete(key);
    if (keys!.size === 0) this.#refs.delete(owner);
    refs.forEach((ref) => this.#remove(ref));
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
    const told = this.#news;
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

  /** What everybody is told when it has changed. */
  get #news(): JsonText {
    if (this.#rules.mode === "counted") return this.#countText();
    return new JsonText(`{"count":${this.#roster.size}}`);
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
