import type { Turns } from "../actors/scheduler.ts";

/** Turns of the event loop that come when the test says so. */
export class ManualTurns implements Turns {
  #turn: (() => void) | null = null;

  /** Whether the engine waits for a turn. */
  get requested(): boolean {
    return this.#turn !== null;
  }

  /** Remembers the turn. */
  request(turn: () => void): void {
    this.#turn = turn;
  }

  /** Gives the turn that was asked for. Without one it does nothing. */
  give(): void {
    const turn = this.#turn;
    this.#turn = null;
    turn?.();
  }
}
