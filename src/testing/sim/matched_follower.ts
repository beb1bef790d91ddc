import { isKept, sortOf } from "./contracts.ts";
import { type Said, saidOf, type Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What comes through a pattern. */
export interface MatchedSaid {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly offset?: number | null;
}

/** Where it stands in one of the topics. */
interface Standing {
  place: number;
  epoch: string;
  /** In which life of the server's. */
  life: number;
  /** Since when it has been a member without a break. */
  generation: number;
}

/**
 * Looks over the shoulder of one client that has joined a pattern: from each topic that it may have, everything comes, in
 * that topic's order, once; from others nothing.
 */
export class MatchedFollower {
  readonly pattern: string;
  readonly user: string;
  isJoined = false;
  /** Whether it is not told of the times when it is no member: what is missing then is not known. */
  isLossy = false;
  readonly #world: World;
  readonly #truth: Truth;
  readonly #standings = new Map<string, Standing>();
  readonly #got = new Set<string>();
  #generation = 0;
  #sinceMs = Infinity;

  constructor(world: World, truth: Truth, pattern: string, user: string) {
    this.#world = world;
    this.#truth = truth;
    this.pattern = pattern;
    this.user = user;
  }

  /** It is a member, for the first time or again. */
  entered(): void {
    this.#world.note(this.user, `joined ${this.pattern}`);
    this.isJoined = true;
    this.#generation++;
    if (!this.isLossy) this.#sinceMs = this.#world.clock.elapsedMs();
  }

  /** It is no member for now. */
  left(): void {
    this.isJoined = false;
    this.#sinceMs = Infinity;
  }

  /** Something of one of the topics. */
  received({ topic, event, payload, offset }: MatchedSaid): void {
    const said = saidOf(payload);
    this.#world.note(this.user, `got ${this.pattern} ${topic} ${event} ${said.id} ${offset ?? "-"}`);
    if (event === "typing" || event === "pushed") return;
    if (!this.#covers(topic)) return this.#fail("a pattern brings what it covers", `${said.id} of ${topic}`);
    const at = isKept(topic) ? this.#placeInHistory(topic, said, offset) : this.#placeInOrder(topic, said);
    if (at === null) return;
    this.#got.add(said.id);
    if (this.#mayGet(topic, said) === false) {
      this.#fail("a pattern brings what is granted", `${said.id} of ${topic}`);
    }
    const before = this.#standings.get(topic);
    this.#standings.set(topic, { ...at, life: this.#truth.life, generation: this.#generation });
    if (before === undefined || before.epoch !== at.epoch) return;
    if (before.life !== this.#truth.life && !isKept(topic)) return;
    if (at.place <= before.place) {
      return this.#fail(
        "order, and once",
        `${said.id} of ${topic} is number ${at.place}, and came behind ${before.place}`,
      );
    }
    if (before.generation === this.#generation && !this.isLossy) {
      this.#checkSkipped(topic, at.epoch, before.place, at.place);
    }
  }

  /** All is quiet: from now on, it gets everything. */
  quiet(): void {
    if (this.isJoined && this.isLossy) this.#sinceMs = this.#world.clock.elapsedMs();
  }

  /** All is quiet: it has got all that was published since it joined. */
  checkComplete(topics: readonly string[]): void {
    if (!this.isJoined) return;
    for (const topic of topics) {
      if (!this.#covers(topic) || this.#truth.crashed.has(topic)) continue;
      const { epoch, offset } = this.#truth.store.head(topic);
      const all = isKept(topic)
        ? Array.from({ length: offset }, (_, i) => this.#truth.at(topic, epoch, i + 1))
        : this.#truth.list(topic);
      for (const said of all) {
        if (said === null || this.#got.has(said.id) || this.#publishedMs(topic, said) <= this.#sinceMs) {
          continue;
        }
        if (this.#isExpected(topic, said)) {
          this.#fail("nothing is missing at the end", `${said.id} of ${topic}`);
        }
      }
    }
  }

  #checkSkipped(topic: string, epoch: string, from: number, to: number): void {
    if (this.#truth.crashed.has(topic)) return; // it may have lost some, of which patterns are not told
    for (let at = from + 1; at < to; at++) {
      const said = isKept(topic) ? this.#truth.at(topic, epoch, at) : this.#truth.list(topic)[at];
      if (said != null && this.#isExpected(topic, said)) {
        this.#fail("no gap", `${said.id} of ${topic} did not come`);
      }
    }
  }

  #placeInOrder(topic: string, said: Said): { place: number; epoch: string } | null {
    if (this.#truth.isPast(said.id)) return null;
    const place = this.#truth.indexOf(topic, said.id);
    if (place !== null) return { place, epoch: "" };
    this.#fail("what comes was published", `${said.id} of ${topic}`);
    return null;
  }

  #placeInHistory(
    topic: string,
    said: Said,
    offset?: number | null,
  ): { place: number; epoch: string } | null {
    const stored = this.#truth.placeOf(topic, said.id, (place) => place.offset === offset);
    if (stored !== null && stored.offset === offset) return { place: stored.offset, epoch: stored.epoch };
    this.#fail("offsets", `${said.id} of ${topic} came with ${offset}, and is stored at ${stored?.offset}`);
    return null;
  }

  /** What leaves a user out leaves out the connection that it had then, which may be another one. */
  #isExpected(topic: string, said: Said): boolean {
    return said.x !== this.user && this.#mayGet(topic, said) === true;
  }

  #mayGet(topic: string, said: Said): boolean | null {
    return this.#truth.permits.at(this.user, topic, this.#publishedMs(topic, said));
  }

  #publishedMs(topic: string, said: Said): number {
    return isKept(topic) ? this.#truth.placeOf(topic, said.id)?.atMs ?? 0 : this.#truth.calledMs(said);
  }

  #covers(topic: string): boolean {
    const [, ...rest] = this.pattern.split(":");
    return sortOf(topic) === this.pattern.slice(0, this.pattern.indexOf(":")) && rest.length === 1;
  }

  #fail(invariant: string, details: string): void {
    this.#world.fail(invariant, `${this.user} in ${this.pattern}: ${details}`);
  }
}
