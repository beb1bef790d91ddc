/** What a run counts, and what it found. */
export class Tally {
  readonly counts: Record<string, number> = {};
  /** The first faults; all of them are counted. */
  readonly faults: string[] = [];
  faultCount = 0;
  /** What is no fault, and strange: the first of it. */
  readonly notes: string[] = [];

  /** It has happened. */
  add(name: string, count = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  /** Something is strange. */
  note(text: string): void {
    if (this.notes.length < MAX_FAULTS) this.notes.push(text);
  }

  /** Something is not as it was promised. */
  readonly fault = (text: string): void => {
    this.faultCount++;
    if (this.faults.length < MAX_FAULTS) this.faults.push(text);
  };
}

/** How many faults are told one by one. */
const MAX_FAULTS = 20;
