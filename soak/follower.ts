import type { Ledger, OnFault } from "./ledger.ts";

/** What the answer to a join says of the topic's history. */
export interface Standing {
  readonly epoch: string;
  readonly offset: number;
  readonly connection?: string;
  readonly recovery?: string;
  readonly gap?: { readonly from: number; readonly to: number };
}

/** What `troupe:missed` says. */
export interface Missed {
  readonly count: number;
  readonly from: number | null;
  readonly to: number | null;
}

/** What a client says of where it was, when it joins again. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
  readonly connection?: string;
}

/**
 * Checks what one client gets of a topic with a history, over all of its connections: every publication from where it
 * began, in order, once, but for those of which it was told that it has missed them.
 */
export class Follower {
  /** Publications that were heard, and those that were told to be missing. */
  heard = 0;
  told = 0;
  /** How often each outcome of a return was met. */
  readonly recoveries: Record<string, number> = {};
  readonly #name: string;
  readonly #ledger: Ledger;
  readonly #mayMiss: boolean;
  readonly #onFault: OnFault;
  #position: Position | null = null;
  #first = 0;

  /** `mayMiss`: whether the topic keeps so little, or lets so much go, that a client may be told of gaps. */
  constructor(name: string, ledger: Ledger, mayMiss: boolean, onFault: OnFault) {
    this.#name = name;
    this.#ledger = ledger;
    this.#mayMiss = mayMiss;
    this.#onFault = onFault;
  }

  /** Where it stands; `null`: it has never been a member. */
  get position(): Position | null {
    return this.#position;
  }

  /** It is a member. */
  joined({ epoch, offset, connection, recovery, gap }: Standing): void {
    this.#ledger.named(epoch);
    const before = this.#position;
    this.#position = { epoch, offset, connection };
    if (before === null) {
      if (recovery !== undefined) this.#fault(`came with no position, and is told ${recovery}`);
      this.#first = offset;
      return;
    }
    this.recoveries[`${recovery}`] = (this.recoveries[`${recovery}`] ?? 0) + 1;
    if (recovery === "recovered") {
      if (offset !== before.offset) this.#fault(`stood at ${before.offset}, and is recovered at ${offset}`);
    } else if (recovery === "partial" && gap !== undefined) {
      if (gap.from !== before.offset + 1 || gap.to !== offset || gap.to < gap.from) {
        this.#fault(`stood at ${before.offset}, goes on at ${offset}, and misses ${gap.from} to ${gap.to}`);
      }
      this.#tell(gap.to - before.offset);
    } else {
      this.#fault(`stood at ${before.offset}, which was heard, and is told ${recovery} at ${offset}`);
      this.#first += offset - before.offset;
    }
  }

  /** A publication has come. */
  hear(offset: unknown, id: string): void {
    const { position } = this;
    if (position === null || typeof offset !== "number") {
      return this.#fault(`hears ${id} with the offset ${offset}`);
    }
    this.#ledger.heard(offset, id);
    const expected = position.offset + 1;
    if (offset < expected) return this.#fault(`hears ${offset} (${id}) again: it stands at ${expected - 1}`);
    if (offset > expected) this.#fault(`hears ${offset} (${id}), and was not told of ${expected}`);
    this.heard++;
    this.#position = { ...position, offset };
    this.#first += offset - expected; // a fault is told once
  }

  /** It is told that it has missed publications while it did not read. */
  missed({ count, from, to }: Missed): void {
    const at = this.#position?.offset ?? 0;
    if (from !== at + 1 || to !== at + count || count < 1) {
      return this.#fault(`stands at ${at}, and is told that it misses ${count}, ${from} to ${to}`);
    }
    this.#position = { ...this.#position!, offset: to };
    this.#tell(count);
  }

  /** Whether it has got to where the topic is. */
  get isComplete(): boolean {
    return this.#position?.offset === this.#ledger.head;
  }

  /** The end: what it has heard and what it was told is everything. */
  close(): void {
    const { head } = this.#ledger;
    const at = this.#position?.offset;
    if (at !== head) this.#fault(`stands at ${at}, and the end is ${head}`);
    else if (this.heard + this.told !== head - this.#first) {
      this.#fault(`heard ${this.heard} and was told of ${this.told} of ${head - this.#first}`);
    }
  }

  #tell(count: number): void {
    this.told += count;
    if (!this.#mayMiss) this.#fault(`is told that it misses ${count} of what is kept`);
  }

  #fault(text: string): void {
    this.#onFault(`${this.#name} in ${this.#ledger.topic} ${text}`);
  }
}
