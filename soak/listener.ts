import type { OnFault } from "./ledger.ts";

/**
 * Checks what one client gets of a topic without a history: from each of its joins on, until its connection ends, every
 * number of the server's life, in order, once, but for as many as it was told that it has missed.
 */
export class Listener {
  heard = 0;
  told = 0;
  readonly #name: string;
  readonly #onFault: OnFault;
  #life: string | null = null;
  #last: number | null = null;
  #missed = 0;

  constructor(name: string, onFault: OnFault) {
    this.#name = name;
    this.#onFault = onFault;
  }

  /** It is a member, from now on. */
  joined(): void {
    this.#life = this.#last = null;
    this.#missed = 0;
  }

  /** Number `n` of a server's life has come. */
  hear(life: string, n: number): void {
    this.#life ??= life;
    if (life !== this.#life) this.#fault(`hears ${n} of ${life}, on a connection to ${this.#life}`);
    const expected = this.#last === null ? n : this.#last + 1 + this.#missed;
    if (n !== expected) this.#fault(`hears ${n} instead of ${expected}`);
    this.heard++;
    this.told += this.#missed;
    this.#missed = 0;
    this.#last = n;
  }

  /** It is told that it has missed some. */
  missed(count: number): void {
    if (!(count > 0)) this.#fault(`is told that it misses ${count}`);
    this.#missed += count;
  }

  #fault(text: string): void {
    this.#onFault(`${this.#name} ${text}`);
  }
}
