/**
 * A payload that is JSON text already: it is encoded once, for the log and for every wire. Who does not know it sees what
 * the text says, by `toJSON`.
 */
export class JsonText {
  /** Valid JSON. */
  readonly text: string;

  /** Its size in UTF-8, where whoever made it knows that: a text of a megabyte is not counted for each who gets it. */
  readonly byteLength: number | null;

  /** Wraps `text`, which MUST be valid JSON, of so many bytes in UTF-8. */
  constructor(text: string, byteLength: number | null = null) {
    this.text = text;
    this.byteLength = byteLength;
  }

  /** What the text says. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
