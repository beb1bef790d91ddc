import { between, type Party } from "./party.ts";
import type { World } from "./world.ts";

/** Answers what a client is asked: at once or in a while, once or twice, of which the second is too late. */
export class Questions {
  readonly #world: World;
  readonly #party: Party;
  /** Answers to what has been answered. */
  readonly #tooLate = new Set<string>();

  constructor(world: World, party: Party) {
    this.#world = world;
    this.#party = party;
  }

  /** It is asked. `say`: sends an answer and gives its ref, unless it is no member any more. */
  asked(say: () => string | null): void {
    const { random } = this.#party;
    const waitMs = random.float() < 0.3 ? between(random, 100, 2_500) : 0;
    const twice = random.float() < 0.2;
    const answer = (): void => {
      say();
      const again = twice ? say() : null;
      if (again !== null) this.#tooLate.add(again);
    };
    if (waitMs === 0) answer();
    else this.#world.after(this.#party, waitMs, answer);
  }

  /** It is connected once more, and counts anew. */
  opened(): void {
    this.#tooLate.clear();
  }

  /** Something that it has said is answered. */
  replied(ref: string, status: string): void {
    if (this.#tooLate.delete(ref) && status === "ok") {
      this.#world.fail("a question is answered once", `${this.#party.name} has answered twice`);
    }
  }
}
