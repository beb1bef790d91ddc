import type { Counters } from "../base/inspect.ts";
import type { Inbound } from "../protocol/codec.ts";

/** How many repetitions of one message wait for its answer; more are dropped, since the client asks again. */
const MAX_REPEATS = 16;

/** What a message was answered with. */
export interface Answered {
  readonly status: string;
  readonly response: unknown;
}

/** A message that has an id. */
interface Entry {
  readonly key: string;
  readonly topic: string;
  /** Its ref, and those of its repetitions. */
  readonly refs: string[];
  answer: Answered | null;
}

/**
 * What a session's client has sent under ids of its own, the newest of it: a client that does not know whether something
 * has arrived sends it again, and it takes effect once. A message that its handler's crash leaves without an answer may
 * take effect again, and so may one that could not be stored.
 */
export class DedupeWindow {
  readonly #max: number;
  readonly #counters: Counters;
  readonly #byKey = new Map<string, Entry>();
  /** Those without an answer. */
  readonly #pending = new Map<string, Entry>();

  /** `max`: how many messages are remembered. */
  constructor(max: number, counters: Counters) {
    this.#max = max;
    this.#counters = counters;
  }

  /** How many messages are remembered. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * A message has come under `id`. `new`: it is to be handled. Else it is a repetition: of one that is answered, or of
   * one whose answer it will get (`null`).
   */
  take({ topic, ref }: Inbound, id: string): "new" | Answered | null {
    const key = `${topic}\n${id}`;
    const known = this.#byKey.get(key);
    if (known === undefined) {
      this.#remember({ key, topic, refs: ref === null ? [] : [ref], answer: null });
      return "new";
    }
    this.#counters.add("publishes.repeated");
    if (ref !== null && known.refs.length < MAX_REPEATS) known.refs.push(ref);
    return known.answer;
  }

  /** A message is answered. Gives the refs of its repetitions, which are answered alike. */
  answered(topic: string, ref: string, answer: Answered): readonly string[] {
    const entry = this.#pending.get(`${topic}\n${ref}`);
    if (entry === undefined) return NOBODY;
    this.#pending.delete(`${topic}\n${ref}`);
    entry.answer = answer;
    return entry.refs.slice(1);
  }

  /** What a message has published is lost, so it may come again. Gives the refs of its repetitions. */
  failed(topic: string, ref: string): readonly string[] {
    for (const entry of this.#byKey.values()) {
      if (entry.topic !== topic || entry.refs[0] !== ref) continue;
      this.#forget(entry);
      return entry.refs.slice(1);
    }
    return NOBODY;
  }

  /** The channel in `topic` has ended: what is not answered will not be, and may come again. */
  ended(topic: string): void {
    for (const entry of [...this.#pending.values()]) if (entry.topic === topic) this.#forget(entry);
  }

  #remember(entry: Entry): void {
    this.#byKey.set(entry.key, entry);
    if (entry.refs.length > 0) this.#pending.set(`${entry.topic}\n${entry.refs[0]}`, entry);
    if (this.#byKey.size <= this.#max) return;
    this.#counters.add("publishes.forgotten");
    this.#forget(this.#byKey.values().next().value!);
  }

  #forget(entry: Entry): void {
    this.#byKey.delete(entry.key);
    const pendingKey = `${entry.topic}\n${entry.refs[0]}`;
    if (this.#pending.get(pendingKey) === entry) this.#pending.delete(pendingKey);
  }
}

const NOBODY: readonly string[] = [];
