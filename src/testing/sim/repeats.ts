import type { World } from "./world.ts";

/** A message of a client's, which may have named it. */
export interface Sent {
  readonly topic: string;
  readonly event: string;
  readonly id: string;
  /** What names it there: messages to another topic may have the same name. `null`: it has none. */
  readonly name: { readonly "troupe:id": string } | null;
  readonly payload: object;
  /** How often its client had joined then. */
  readonly joins: number;
}

/** What a client has sent under names of its own, and what it was answered: the same, however often it asks. */
export class Repeats {
  readonly #world: World;
  readonly #who: string;
  readonly #max: number;
  readonly #sent: Sent[] = [];
  readonly #answers = new Map<string, string>();
  /** The topics of what is not answered, by id: also of what the server need not remember any more. */
  readonly #unanswered = new Map<string, string>();

  /** `max`: how many the server remembers for sure. */
  constructor(world: World, who: string, max: number) {
    this.#max = max;
    this.#world = world;
    this.#who = who;
  }

  /** It was sent, for the first time. */
  add(sent: Sent): void {
    this.#unanswered.set(sent.id, sent.topic);
    if (this.#sent.push(sent) > this.#max) this.#sent.shift();
  }

  /** The last that was sent in a topic, if it has a name. */
  lastIn(topic: string): Sent | undefined {
    const last = this.#sent.findLast((each) => each.topic === topic);
    return last?.name === null ? undefined : last;
  }

  /** Those of a topic that were sent over the last connection and have no answer, the first one first. */
  unansweredIn(topic: string): readonly Sent[] {
    return this.#sent.filter(({ topic: of, name, id }) =>
      of === topic && name !== null && !this.#answers.has(id)
    );
  }

  /**
   * The session is another one: it knows nothing of what was sent before. Gives the ids of what may still be handled in
   * that one.
   */
  forget(): readonly string[] {
    const unanswered = [...this.#unanswered.keys()];
    this.#sent.length = 0;
    this.#answers.clear();
    this.#unanswered.clear();
    return unanswered;
  }

  /** The channel in a topic is another one: what it has left unanswered may not be known any more. */
  forgetTopic(topic: string): void {
    const others = this.#sent.filter((each) => each.topic !== topic);
    this.#sent.splice(0, Infinity, ...others);
    for (const [id, of] of this.#unanswered) if (of === topic) this.#unanswered.delete(id);
  }

  /** An answer has come. Those that say that nothing has happened may differ. */
  answered(id: string, status: string, response: unknown): void {
    const answer = status === "ok" ? JSON.stringify(response) : "";
    const before = this.#answers.get(id) ?? "";
    this.#answers.set(id, answer);
    this.#unanswered.delete(id);
    if (before !== "" && answer !== "" && before !== answer) {
      this.#world.fail("a repetition is answered alike", `${this.#who}: ${id} was ${before}, then ${answer}`);
    }
  }
}
