/**
 * Steps one after another, though some of them take their time.
 *
 * @module
 */

/** Something to do: at once, or with a promise, which must not reject. */
export type Step = () => void | Promise<void>;

/** Does each step when those before it are done; at once if they are. A step must not throw. */
export class InOrder {
  #waiting: Step[] | null = null;

  /** Does a step, when it is its turn. */
  add(step: Step): void {
    if (this.#waiting !== null) this.#waiting.push(step);
    else this.#run([step]);
  }

  /** Does a step before all that wait. */
  first(step: Step): void {
    if (this.#waiting !== null) this.#waiting.unshift(step);
    else this.#run([step]);
  }

  #run(steps: Step[]): void {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      // What comes in from within a step comes after those that are here.
      this.#waiting = steps;
      const result = step();
      if (result instanceof Promise) return void result.then(() => this.#run(steps));
    }
    this.#waiting = null;
  }
}
