import { JsonText } from "../base/json_text.ts";

/** Who stands in one place of a roster. */
export interface RosterEntry {
  /** The key. */
  readonly key: string;
  /** The key and what is said of it, as a member of a JSON object. */
  readonly member: string;
  /** Its number, in the order of arrival. */
  readonly number: number;
  /** The bytes of that, in UTF-8. */
  readonly byteLength: number;
}

/** A part of a roster. */
export interface RosterPage {
  /** In the order of arrival. */
  readonly entries: readonly RosterEntry[];
  /** The number of the last one, where others follow; `null`: it is the end. */
  readonly next: number | null;
}

/** How many places are joined into one text. */
const CHUNK = 128;

/** How many places may be empty, whatever their share, before the others close ranks. */
const SPARE = 256;

/**
 * The keys that are present, in the order of their arrival, each with its JSON. The JSON of all is put together from
 * texts of {@link CHUNK} keys each, so that it costs little again when a few keys have changed.
 */
export class Roster {
  /** An empty place is `null`. */
  #places: (RosterEntry | null)[] = [];
  /** The numbers of the places, those of empty ones too: they go up. */
  #numbers: number[] = [];
  readonly #placeOf = new Map<string, number>();
  /** The joined text of each chunk of places; `null`: it has to be made again. */
  #chunks: (string | null)[] = [];
  #text: JsonText | null = null;
  /** The bytes of all entries. */
  #bytes = 0;
  #lastNumber = 0;
  /** All places before it are empty. */
  #first = 0;

  /** How many keys are present. */
  get size(): number {
    return this.#placeOf.size;
  }

  /** Whether a key is present. */
  has(key: string): boolean {
    return this.#placeOf.has(key);
  }

  /** Says `text` of `key`, which comes last if it is new. */
  set(key: string, text: string): void {
    let place = this.#placeOf.get(key);
    let number: number;
    if (place === undefined) {
      place = this.#places.length;
      number = ++this.#lastNumber;
      this.#placeOf.set(key, place);
      this.#numbers.push(number);
    } else number = this.#numbers[place];
    const member = memberText(key, text);
    const byteLength = ENCODER.encode(member).length;
    this.#bytes += byteLength - (this.#places[place]?.byteLength ?? 0);
    this.#places[place] = { key, member, number, byteLength };
    this.#changed(place);
  }

  /** A key is not present any more. */
  delete(key: string): void {
    const place = this.#placeOf.get(key);
    if (place === undefined) return;
    this.#placeOf.delete(key);
    this.#bytes -= this.#places[place]!.byteLength;
    this.#places[place] = null;
    this.#changed(place);
    while (this.#first < this.#places.length && this.#places[this.#first] === null) this.#first++;
    const empty = this.#places.length - this.size;
    if (empty > SPARE && empty > this.size) this.#closeRanks();
  }

  /** What is said of each key, as one JSON object. */
  get text(): JsonText {
    if (this.#text !== null) return this.#text;
    let body = ""; // not joined: whoever sends it does that anyway
    for (let chunk = 0; chunk * CHUNK < this.#places.length; chunk++) {
      const text = this.#chunks[chunk] ??= membersText(
        this.#places.slice(chunk * CHUNK, (chunk + 1) * CHUNK),
      );
      if (text !== "") body += body === "" ? text : `,${text}`;
    }
    return this.#text = new JsonText(`{${body}}`, this.#bytes + Math.max(this.size - 1, 0) + 2);
  }

  /** The first `max` keys whose numbers are above `after`. */
  page(after: number, max: number): RosterPage {
    const entries: RosterEntry[] = [];
    for (let place = Math.max(this.#placeAfter(after), this.#first); place < this.#places.length; place++) {
      const entry = this.#places[place];
      if (entry === null) continue;
      if (entries.length === max) return { entries, next: entries[max - 1].number };
      entries.push(entry);
    }
    return { entries, next: null };
  }

  #changed(place: number): void {
    this.#chunks[Math.floor(place / CHUNK)] = null;
    this.#text = null;
  }

  #closeRanks(): void {
    this.#places = this.#places.filter((entry) => entry !== null);
    this.#numbers = this.#places.map((entry) => entry!.number);
    this.#places.forEach((entry, place) => this.#placeOf.set(entry!.key, place));
    this.#chunks = [];
    this.#first = 0;
  }

  #placeAfter(number: number): number {
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle] <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The members of a JSON object, without its braces. */
export function membersText(entries: readonly (Pick<RosterEntry, "member"> | null)[]): string {
  let text = "";
  for (const entry of entries) {
    if (entry !== null) text += text === "" ? entry.member : `,${entry.member}`;
  }
  return text;
}

/**
 * `before`, then the object that has these members, then `after`: JSON together. `before` and `after` hold nothing but
 * ASCII.
 */
export function around(before: string, entries: readonly RosterEntry[], after: string): JsonText {
  let byteLength = before.length + after.length + 2 + Math.max(entries.length - 1, 0);
  for (const entry of entries) byteLength += entry.byteLength;
  return new JsonText(`${before}{${membersText(entries)}}${after}`, byteLength);
}

/** A member of a JSON object: `text`, which is JSON, under `key`. */
export function memberText(key: string, text: string): string {
  return `${JSON.stringify(key)}:${text}`;
}

const ENCODER = new TextEncoder();
