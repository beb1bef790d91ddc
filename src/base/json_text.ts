/**
 * A payload that is JSON text already: it is encoded once, for the log and for every wire. Who does not know it sees what
 * the text says, by `toJSON`.
 */
export class JsonText {
  /** Valid JSON. */
  readonly text: string;

  /** Wraps `text`, which MUST be valid JSON. */
  constructor(text: string) {
    this.text = text;
  }

  /** What the text says. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
