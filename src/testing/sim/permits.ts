import type { World } from "./world.ts";

/** A user of the simulation. */
export interface Ranked {
  /** Another one changes what the user may get. */
  readonly rank: number;
}

/**
 * Who may get what a topic publishes, for members of patterns: most may, and it changes now and then, by itself or with
 * what is known of the user.
 */
export class Permits {
  readonly #world: World;
  /** When it has changed, by user and topic. */
  readonly #changes = new Map<string, number[]>();

  /** When a refresh has brought another rank, by user. */
  readonly #raises = new Map<string, number[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a user of some rank may now. */
  has(user: string, topic: string, { rank }: Ranked): boolean {
    return this.#at(user, topic, Infinity) === ((rank - this.rankOf(user)) % 2 === 0);
  }

  /** What a user is now. */
  rankOf(user: string): number {
    return this.#raisesOf(user).length;
  }

  /** A user has had another rank since `ms`. */
  raised(user: string, ms: number): void {
    this.#raisesOf(user).push(ms);
  }

  /** Whether a user might have, of what was published at `ms`; `null`: that was when it changed. */
  at(user: string, topic: string, ms: number): boolean | null {
    return [...this.#changesOf(user, topic), ...this.#raisesOf(user)].some((each) => Math.abs(each - ms) <= 1)
      ? null
      : this.#at(user, topic, ms);
  }

  /** It changes. */
  toggle(user: string, topic: string): void {
    this.#changesOf(user, topic).push(this.#world.clock.elapsedMs());
  }

  #at(user: string, topic: string, ms: number): boolean {
    const changes = [...this.#changesOf(user, topic), ...this.#raisesOf(user)];
    const count = changes.filter((each) => each <= ms).length;
    const isAtFirst = (user.charCodeAt(1) + topic.charCodeAt(topic.length - 1)) % 4 !== 0;
    return isAtFirst === (count % 2 === 0);
  }

  #raisesOf(user: string): number[] {
    const known = this.#raises.get(user) ?? [];
    this.#raises.set(user, known);
    return known;
  }

  #changesOf(user: string, topic: string): number[] {
    const key = `${user} ${topic}`;
    const known = this.#changes.get(key) ?? [];
    this.#changes.set(key, known);
    return known;
  }
}
