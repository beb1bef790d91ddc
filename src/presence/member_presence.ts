import { messageOf, TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import { check } from "../contract/schema.ts";
import type { PresenceMessage } from "./presence_message.ts";
import type { PresenceRules } from "./presence_rules.ts";

/**
 * Says under which keys a member is present in its topic, and with what: `ctx.presence`. Several members may be present
 * under one key, each with its own meta: one user with two tabs. What a member says ends with its membership; it stays
 * while the client is away and may come back (`limits.graceMs`). What is said in `join` takes effect if the join is
 * granted.
 *
 * @typeParam M What is known of a member: the contract's `presence`, before validation.
 */
export interface PresenceTracks<M> {
  /** The keys that this member is present under. */
  readonly keys: readonly string[];
  /**
   * The member is present under `key`, e.g. the id of its user, with `meta`: an object that JSON can carry, and that the
   * contract's `presence` accepts. If it is so already, `meta` takes the place of what was known.
   *
   * @throws {TroupeError} `invalid_presence` for a key or a meta that does not fit, with what is accepted;
   * `too_many_presences`; `no_presence` where the topic has none; `topic_overloaded` (retryable).
   */
  track(key: string, meta: M): void;
  /**
   * The same, for a key that the member is present under.
   *
   * @throws {TroupeError} `not_tracked`, and what {@link PresenceTracks.track} throws.
   */
  update(key: string, meta: M): void;
  /**
   * The member is not present under `key` any more; without a key: under none. It is no error if it was not.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable).
   */
  untrack(key?: string): void;
}

/** What the presence of a member needs of it. */
export interface PresenceMember {
  /** The topic's whole name. */
  readonly topic: string;
  readonly counters: Counters;
  /** Whom the topic knows as the member. */
  readonly owner: object;
  /** Tells the topic's presence. `false`: the topic's mailbox is full. */
  tell(message: PresenceMessage): boolean;
}

/** The members that engine and protocol give each meta. */
const RESERVED = ["phx_ref", "phx_ref_prev"];

/** One member's side of presence: checks what it says, and keeps it until the join is granted. */
export class MemberPresence implements PresenceTracks<unknown> {
  readonly #member: PresenceMember;
  readonly #rules: PresenceRules | null;
  /** What is said before the join is granted, by key; `null`: it is granted. */
  #staged: Map<string, string> | null = new Map();
  readonly #keys = new Set<string>();
  /** How many tabs it stands for, as the topic knows, or will know with the grant. */
  #tabs = 1;

  /** `rules`: `null` where the topic has no presence. */
  constructor(member: PresenceMember, rules: PresenceRules | null) {
    this.#member = member;
    this.#rules = rules;
  }

  get keys(): readonly string[] {
    return [...this.#keys];
  }

  track(key: string, meta: unknown): void {
    const rules = this.#rules ?? this.#refuseAll(key);
    this.#checkKey(key, rules);
    const body = this.#bodyOf(key, meta, rules);
    if (!this.#keys.has(key) && this.#keys.size >= rules.maxKeysPerMember) {
      this.#member.counters.add("presence.too_many_of_member");
      throw this.#error(
        "too_many_presences",
        key,
        `it has ${rules.maxKeysPerMember} keys, and may have no more`,
      );
    }
    if (this.#staged !== null) this.#staged.set(key, body);
    else this.#tell({ type: "track", owner: this.#member.owner, key, body }, key);
    this.#keys.add(key);
  }

  update(key: string, meta: unknown): void {
    if (!this.#keys.has(key)) {
      const accepted = this.keys.map((each) => JSON.stringify(each)).join(", ") ||
        "none: track() is for new ones";
      throw this.#error("not_tracked", key, `it is not present under that key. Its keys: ${accepted}`);
    }
    this.track(key, meta);
  }

  untrack(key?: string): void {
    for (const each of key === undefined ? this.keys : [key]) {
      if (!this.#keys.has(each)) continue;
      if (this.#staged !== null) this.#staged.delete(each);
      else this.#tell({ type: "untrack", owner: this.#member.owner, key: each }, each);
      this.#keys.delete(each);
    }
  }

  /**
   * Its client is so many tabs that share one membership: each is present of its own, with what the member says. More than
   * the rules allow are shown as so many. `false`: the topic's mailbox is full.
   */
  share(tabs: number): boolean {
    if (this.#rules === null) return true;
    const { maxTabsPerMember } = this.#rules;
    if (tabs > maxTabsPerMember) this.#member.counters.add("presence.too_many_tabs");
    const shown = Math.min(tabs, maxTabsPerMember);
    if (shown === this.#tabs) return true;
    if (this.#staged === null && !this.#tellTabs(shown)) return false;
    this.#tabs = shown;
    return true;
  }

  /** The join is granted: what was said takes effect. `false`: the topic's mailbox is full. */
  granted(): boolean {
    const staged = this.#staged;
    this.#staged = null;
    if (this.#tabs > 1 && !this.#tellTabs(this.#tabs)) return false;
    for (const [key, body] of staged ?? []) {
      if (!this.#member.tell({ type: "track", owner: this.#member.owner, key, body })) return false;
    }
    return true;
  }

  #tellTabs(tabs: number): boolean {
    return this.#member.tell({ type: "tabs", owner: this.#member.owner, tabs });
  }

  #tell(message: PresenceMessage, key: string): void {
    if (this.#member.tell(message)) return;
    this.#member.counters.add("topics.overloaded");
    throw this.#error("topic_overloaded", key, "the topic has more to do than its mailbox holds", true);
  }

  #refuseAll(key: string): never {
    const accepted =
      "a presence schema in the contract, or the option presence of app.topic, e.g. presence: {}";
    throw this.#error("no_presence", key, `the topic has no presence. Accepted: ${accepted}`);
  }

  #checkKey(key: unknown, { maxKeyBytes }: PresenceRules): void {
    const accepted = `a text of 1 to ${maxKeyBytes} bytes`;
    if (typeof key !== "string") throw this.#invalid(key, `the key is a ${typeof key}`, accepted);
    const size = byteLength(key, maxKeyBytes);
    if (size < 1 || size > maxKeyBytes) throw this.#invalid(key, `the key has ${size} bytes`, accepted);
  }

  /** The JSON of a meta. */
  #bodyOf(key: string, meta: unknown, { schema, maxMetaBytes }: PresenceRules): string {
    const accepted = `an object that JSON can carry, of at most ${maxMetaBytes} bytes, without ${
      RESERVED.join(" and ")
    }`;
    let value = meta;
    if (schema !== null) {
      const checked = check(schema, meta);
      if (checked instanceof Promise) {
        throw this.#error("async_schema", key, "the schema of the contract's presence is asynchronous");
      }
      if (!checked.ok) {
        const [{ path, message }] = checked.issues;
        throw this.#invalid(
          key,
          `at ${path === "" ? "the meta" : path}: ${message}`,
          "what the contract says",
          {
            issues: checked.issues,
          },
        );
      }
      value = checked.value;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#invalid(
        key,
        `the meta is ${kindOf(value)}`,
        accepted,
      );
    }
    const reserved = RESERVED.find((name) => Object.hasOwn(value, name));
    if (reserved !== undefined) throw this.#invalid(key, `the meta has a ${reserved} of its own`, accepted);
    const body = this.#encode(key, value, accepted);
    const size = byteLength(body, maxMetaBytes);
    if (size > maxMetaBytes) throw this.#invalid(key, `the meta has ${size} bytes`, accepted);
    return body;
  }

  #encode(key: string, value: object, accepted: string): string {
    let body: string | undefined;
    try {
      body = JSON.stringify(value);
    } catch (error) {
      throw this.#invalid(key, `JSON cannot carry the meta: ${messageOf(error)}`, accepted);
    }
    if (body?.startsWith("{")) return body;
    throw this.#invalid(key, "the meta is no object as JSON", accepted);
  }

  #invalid(key: unknown, fault: string, accepted: string, details: object = {}): TroupeError {
    this.#member.counters.add("presence.invalid");
    return this.#error("invalid_presence", key, `${fault}. Accepted: ${accepted}`, false, {
      accepted,
      ...details,
    });
  }

  #error(code: string, key: unknown, fault: string, retryable = false, details: object = {}): TroupeError {
    const { topic } = this.#member;
    const shown = typeof key === "string" ? JSON.stringify(key) : "a key";
    return new TroupeError(code, `Cannot track ${shown} in ${JSON.stringify(topic)}: ${fault}`, {
      retryable,
      details: { topic, key, ...details },
    });
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

/** The bytes of `text` in UTF-8; where it is far above `max`, at least so many. */
function byteLength(text: string, max: number): number {
  return text.length > max ? text.length : new TextEncoder().encode(text).length;
}
