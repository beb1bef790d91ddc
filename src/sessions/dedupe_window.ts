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
  /** Its own ref. */
  readonly ref: string | null;
  /** Who handles it; `null`: it is answered, or lost. */
  by: object | null;
  /** The refs of its repetitions that wait for its answer. */
  repeats: string[];
  answer: Answered | null;
  /** What it has published is lost: `told`, where its client hears that over the connection that it was sent over. */
  lost: "told" | "untold" | null;
}

/**
 * What a session's client has sent under ids of its own, the newest of it: a client that does not know whether something
 * has arrived sends it again, and it takes effect once. What repetitions wait for is not forgotten. A message that its
 * handler's crash leaves without an answer may take effect again. So may one that could not be stored, once its client
 * has heard of that: one that has not, since its connection has gone, repeats it without meaning to, and what it has said
 * later may be stored by then.
 */
export class DedupeWindow {
  readonly #max: number;
  readonly #counters: Counters;
  readonly #byKey = new Map<string, Entry>();
  /** Those without an answer. */
  readonly #pending = new Set<object>();

  /** `max`: how many messages are remembered. */
  constructor(max: number, counters: Counters) {
    this.#max = max;
    this.#counters = counters;
  }

  /** How many messages are remembered. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Whether what `id` names in a topic is over, or is handled by somebody else than `by`. */
  isPast(topic: string, id: string, by: object): boolean {
    const known = this.#byKey.get(keyOf(topic, id));
    return known !== undefined && (known.answer !== null || known.lost !== null || known.by !== by);
  }

  /**
   * A message has come under `id`, for `by`. `named`: it is to be handled, and is remembered by this. Else it is a
   * repetition of what is remembered by `repeated`: that is `answered`, or it will get the same answer (`null`).
   */
  take(
    { topic, ref }: Inbound,
    id: string,
    by: object,
  ): { readonly named: object } | { readonly answered: Answered | null; readonly repeated: object } {
    const key = keyOf(topic, id);
    const known = this.#byKey.get(key);
    if (known?.lost === "untold") {
      known.lost = "told"; // as long as this connection lasts
      return { answered: UNSTORED, repeated: known };
    }
    if (known === undefined || known.lost !== null) {
      if (known !== undefined) this.#forget(known);
      const entry: Entry = { key, topic, ref, by, repeats: [], answer: null, lost: null };
      this.#remember(entry);
      return { named: entry };
    }
    this.#counters.add("publishes.repeated");
    if (known.answer === null && ref !== null && known.repeats.length < MAX_REPEATS) known.repeats.push(ref);
    return { answered: known.answer, repeated: known };
  }

  /** The message that is remembered by `named` is answered. Gives the refs of its repetitions, which are answered alike. */
  answered(named: object, answer: Answered): readonly string[] {
    if (!this.#pending.delete(named)) return NOBODY;
    const entry = named as Entry;
    entry.answer = answer;
    entry.by = null; // a channel that has ended is not kept for it
    return repeatsOf(entry);
  }

  /**
   * What a message has published is lost. `isThere`: its client hears of it. Gives the refs of its repetitions that wait
   * for its answer.
   */
  failed(topic: string, ref: string, isThere: boolean): readonly string[] {
    // The newest first: over an earlier connection of the session, another message may have had the same ref.
    for (const entry of [...this.#byKey.values()].reverse()) {
      if (entry.topic !== topic || entry.ref !== ref || entry.lost !== null) continue;
      this.#pending.delete(entry);
      entry.lost = isThere ? "told" : "untold";
      entry.by = null;
      return repeatsOf(entry);
    }
    return NOBODY;
  }

  /** The client of the channel in `topic` has gone, and what it was told last may not have reached it. */
  gone(topic: string): void {
    for (const entry of this.#byKey.values()) {
      if (entry.topic !== topic) continue;
      entry.repeats = [];
      if (entry.lost !== null) entry.lost = "untold";
    }
  }

  /** The channel in `topic` has ended: what is not answered will not be, and may come again. */
  ended(topic: string): void {
    for (const entry of [...this.#pending] as Entry[]) if (entry.topic === topic) this.#forget(entry);
  }

  #remember(entry: Entry): void {
    this.#byKey.set(entry.key, entry);
    this.#pending.add(entry);
    if (this.#byKey.size <= this.#max) return;
    this.#counters.add("publishes.forgotten");
    // The oldest goes, but for those whose repetitions wait for their answers. The new one has none.
    for (const each of this.#byKey.values()) if (each.repeats.length === 0) return this.#forget(each);
  }

  #forget(entry: Entry): void {
    this.#byKey.delete(entry.key);
    this.#pending.delete(entry);
  }
}

function keyOf(topic: string, id: string): string {
  return `${topic}\n${id}`;
}

function repeatsOf(entry: Entry): readonly string[] {
  const { repeats } = entry;
  entry.repeats = [];
  return repeats;
}

const NOBODY: readonly string[] = [];

/** Whether what the message has published is lost that is remembered by `named`. */
export function isLost(named: object): boolean {
  return (named as Entry).lost !== null;
}

/** What has published is lost that is remembered by `named`, perhaps not by a window any more. Its client hears of it. */
export function lose(named: object): void {
  (named as Entry).lost ??= "told";
}

/** What a message is answered whose publications could not be stored. */
export const UNSTORED: Answered = { status: "error", response: { reason: "not_stored" } };
