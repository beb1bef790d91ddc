import type { World } from "./world.ts";

/** Who may get what a topic publishes, for members of patterns: most may, and it changes now and then. */
export class Permits {
  readonly #world: World;
  /** When it has changed, by user and topic. */
  readonly #changes = new Map<string, number[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a user may now. */
  has(user: string, topic: string): boolean {
    return this.#at(user, topic, Infinity) === true;
  }

  /** Whether a user might have, of what was published at `ms`; `null`: that was when it changed. */
  at(user: string, topic: string, ms: number): boolean | null {
    return this.#changesOf(user, topic).some((each) => Math.abs(each - ms) <= 1)
      ? null
      : this.#at(user, topic, ms);
  }

  /** It changes. */
  toggle(user: string, topic: string): void {
    this.#changesOf(user, topic).push(this.#world.clock.elapsedMs());
  }

  #at(user: string, topic: string, ms: number): boolean {
    const count = this.#changesOf(user, topic).filter((each) => each <= ms).length;
    const isAtFirst = (user.charCodeAt(1) + topic.charCodeAt(topic.length - 1)) % 4 !== 0;
    return isAtFirst === (count % 2 === 0);
  }

  #changesOf(user: string, topic: string): number[] {
    const key = `${user} ${topic}`;
    const known = this.#changes.get(key) ?? [];
    this.#changes.set(key, known);
    return known;
  }
}
