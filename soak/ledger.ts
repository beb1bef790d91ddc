/** Takes what is not as it was promised. */
export type OnFault = (text: string) => void;

/**
 * What a topic with a history holds, as all that its members hear tells it together: each offset is one publication for
 * everybody, for ever, and each publication has one offset.
 */
export class Ledger {
  readonly topic: string;
  readonly #onFault: OnFault;
  /** By offset; those that nobody has heard are missing. */
  readonly #ids: string[] = [];
  readonly #offsets = new Map<string, number>();
  /** What its publishers were told is stored. */
  readonly #acknowledged = new Set<string>();
  /** What a publisher had to repeat without having been able to look whether it was stored. */
  readonly #repeatable = new Set<string>();
  /** How publishers have repeated what they did, for whoever has to find out why something took effect twice. */
  readonly #repetitions = new Map<string, string[]>();
  #epoch: string | null = null;
  /** Publications that took effect twice, as they may: see {@link Ledger.mayRepeat}. */
  repeated = 0;

  constructor(topic: string, onFault: OnFault) {
    this.topic = topic;
    this.#onFault = onFault;
  }

  /** The last offset that anybody has heard of. */
  get head(): number {
    return Math.max(this.#ids.length - 1, 0);
  }

  /** How many publications were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** The server names the history: it is the same for ever, whoever asks, and whatever has been killed meanwhile. */
  named(epoch: string): void {
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) this.#onFault(`${this.topic}: the epoch was ${this.#epoch}, and is ${epoch}`);
    this.#epoch = epoch;
  }

  /** Somebody has heard a publication. */
  heard(offset: number, id: string): void {
    const known = this.#ids[offset];
    if (known === id) return;
    if (known !== undefined) {
      return this.#onFault(`${this.topic}: ${offset} is ${known} to some and ${id} to others`);
    }
    this.#ids[offset] = id;
    const before = this.#offsets.get(id);
    if (before === undefined) this.#offsets.set(id, offset);
    else if (this.#repeatable.has(id)) this.repeated++;
    else {
      this.#onFault(
        `${this.topic}: ${id} took effect twice, at ${before} and ${offset}: ${this.courseOf(id)}`,
      );
    }
  }

  /** Whether anybody has heard of it. */
  has(id: string): boolean {
    return this.#offsets.has(id);
  }

  /** Its publisher was answered with ok: it is stored. */
  acknowledge(id: string): void {
    this.#acknowledged.add(id);
  }

  /** Its publisher has repeated it: `how`, in words. */
  repeats(id: string, how: string): void {
    this.#repetitions.set(id, [...this.#repetitions.get(id) ?? [], how]);
  }

  /** How its publisher has repeated it, in words. */
  courseOf(id: string): string {
    return this.#repetitions.get(id)?.join(", ") ?? "it was sent once";
  }

  /** Its publisher repeats it without knowing whether the server that it went to before has stored it. */
  mayRepeat(id: string): void {
    this.#repeatable.add(id);
  }

  /**
   * What was acknowledged, and nobody has heard. Where everybody was told of gaps, as many as fit there are no fault: they
   * may be just these.
   */
  get missing(): string[] {
    const unheard = [...this.#acknowledged].filter((id) => !this.#offsets.has(id));
    return unheard.length <= this.holes ? [] : unheard;
  }

  /** Offsets that nobody has heard, since all were told that they have missed them. */
  get holes(): number {
    let holes = 0;
    for (let offset = 1; offset < this.#ids.length; offset++) if (this.#ids[offset] === undefined) holes++;
    return holes;
  }

  /** The end: all that was acknowledged is there. */
  close(): void {
    const { missing } = this;
    if (missing.length === 0) return;
    this.#onFault(
      `${this.topic}: ${missing.length} were acknowledged and are nowhere, ${
        missing[0]
      } first; ${this.holes} offsets are unheard`,
    );
  }
}
