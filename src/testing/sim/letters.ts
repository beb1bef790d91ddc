import type { Ref } from "../../actors/ref.ts";
import type { System } from "../../actors/system.ts";
import { Info } from "../../sessions/channel_message.ts";
import type { World } from "./world.ts";

/** What is told to an actor, or to a channel, that may have ended. */
export interface Letter {
  readonly letter: string;
}

/** Everything that was told in one life of the server: each is read once, or it is one dead letter. */
export class Letters {
  readonly #world: World;
  readonly #system: System;
  readonly #sent = new Set<string>();
  readonly #seen: string[] = [];

  constructor(world: World, system: System) {
    this.#world = world;
    this.#system = system;
    void this.#readDeadLetters();
  }

  /** Tells somebody. */
  send(to: Ref<Letter>, about: string): void {
    this.tell(to, about, (letter) => letter);
  }

  /** Tells somebody who takes letters in another form. */
  tell<M>(to: Ref<M>, about: string, form: (letter: Letter) => M): void {
    const letter = `${about}/${this.#sent.size}`;
    this.#sent.add(letter);
    to.tell(form({ letter }));
  }

  /** It has been read. */
  read({ letter }: Letter): void {
    this.#seen.push(letter);
  }

  /** Does what is a dead letter, if it is too late. */
  expectDeadLetter(isLate: boolean, what: string, task: () => void): void {
    const { deadLetters } = this.#system;
    const before = deadLetters.count();
    task();
    if (isLate && deadLetters.count() !== before + 1) {
      this.#world.fail("what is not delivered is a dead letter", `${what} came too late, and is none`);
    }
  }

  /** All is quiet: nothing is on its way any more. */
  check(): void {
    const counted = new Map<string, number>();
    for (const letter of this.#seen) counted.set(letter, (counted.get(letter) ?? 0) + 1);
    for (const letter of this.#sent) {
      const times = counted.get(letter) ?? 0;
      if (times === 1) continue;
      const details = `${letter} was read or became a dead letter ${times} times`;
      this.#world.fail("what is not delivered is a dead letter", details);
    }
  }

  async #readDeadLetters(): Promise<void> {
    for await (const { message } of this.#system.deadLetters.stream({ capacity: 100_000 })) {
      const { letter } = ((message instanceof Info ? message.message : message) ?? {}) as Partial<Letter>;
      if (letter !== undefined) this.#seen.push(letter);
    }
  }
}
