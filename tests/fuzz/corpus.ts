/**
 * A corpus that grows: it begins with what went over the wire to and from a real Phoenix, and keeps every input that had
 * an effect which no other had before. What an effect is, the one who tries the input says: its signature. It stands
 * for the branches that were taken at the cost of a string, where V8's own coverage costs 0.4 ms an input.
 *
 * @module
 */

import type { Random } from "../../src/base/random.ts";
import type { WireData } from "../../src/protocol/frame.ts";
import { parseTranscripts } from "../wire/transcript.ts";
import { mutated, ODD, pick } from "./generate.ts";

/** The most entries that are kept: beyond, one makes room. */
const MAX_ENTRIES = 2_000;
/** The longest text, and the most bytes, that an entry has. */
const MAX_LENGTH = 2_000;

const TRANSCRIPTS = new URL("../wire/transcripts.txt", import.meta.url);

/** Every text and binary message of the transcripts, both ways, and the bodies of long-poll. */
export function transcribed(): WireData[] {
  const found: WireData[] = [];
  for (const { lines } of parseTranscripts(Deno.readTextFileSync(TRANSCRIPTS))) {
    for (const line of lines) {
      if (line.kind === "ask" && line.body !== null) found.push(line.body);
      if (line.kind !== "send" && line.kind !== "expect") continue;
      const { frame } = line;
      if (frame.kind === "text") found.push(frame.text);
      if (frame.kind === "binary") found.push(Uint8Array.from(frame.bytes));
    }
  }
  return found.filter((data) => data.length <= MAX_LENGTH);
}

/** What is of this week, and in no transcript. */
export const OURS: readonly WireData[] = [
  '["1","1","room:1","phx_join",{"troupe":{"epoch":"e","offset":7,"last":3,"connection":"c"},"a":1}]',
  '["1","1","room:1","phx_join",{"troupe":{"offset":0}}]',
  '["1","1","room:1","phx_join",{"troupe":[]}]',
  '["1","2","room:1","say",{"troupe:id":"a-1","text":"hi"}]',
  '["1","2","room:1","troupe:presence",{"after":20}]',
  '["1","1","room:*","phx_join",{}]',
  '["1","1","room:{id}","phx_join",{"troupe":{"last":1}}]',
  '[null,null,"room:*","troupe:matched",{"topic":"room:1","event":"said","payload":{"text":"a"},"offset":4}]',
  '[[null,null,"room:1","said",{"text":"a"},7],[null,null,"room:1","said",{"text":"b"},8]]',
  '["1","1","room:1","phx_reply",{"status":"ok","response":{"troupe":{"epoch":"e","offset":7,"connection":"c","recovery":"partial","gap":{"from":1,"to":7}}}}]',
  '["1",null,"room:1","troupe:session",{"epoch":"e","offset":7,"recovery":"reset","session":"s","resumed":true}]',
  `["1",null,"room:1","troupe:session",{"epoch":"${"e".repeat(129)}","offset":7,"connection":"c"}]`,
  '["1",null,"room:1","troupe:state",{"state":{"n":1},"epoch":"e","offset":7}]',
  '["1",null,"room:1","troupe:missed",{"count":2,"from":8,"to":9}]',
  '["1",null,"room:1","troupe:request",{"id":"q","event":"poll","payload":{"question":"?"}}]',
  '["1","3","room:1","troupe:answer",{"id":"q","status":"ok","response":{"yes":true}}]',
  '["1",null,"room:1","presence_state",{"u":{"metas":[{"phx_ref":"1"}]}}]',
  '[null,null,"room:1","presence_diff",{"joins":{"v":{"metas":[{"phx_ref":"2"}]}},"leaves":{"u":{"metas":[{"phx_ref":"1"}]}}}]',
  '["1",null,"room:1","troupe:presence",{"count":2,"sample":{"u":{"metas":[{"phx_ref":"1"}]}}}]',
  '["1",null,"room:1","drawn",{"troupe:bytes":"3q2+7w=="}]',
  '[null,null,"troupe","troupe:going-away",{"reconnectAfterMs":10}]',
  '[null,null,"troupe","troupe:expiring",{"inMs":10}]',
  '[null,null,"troupe","troupe:limit",{"limit":"messages","perSecond":1,"burst":1}]',
  '{"event":"say","payload":{"troupe:id":"b","text":"hi"},"topic":"troupe"}',
  '["7","room:1","e:12"]\n{"event":"phx_join","payload":{"troupe":{"last":2}}}',
  "e:12",
  Uint8Array.of(5, 6, 4, 0, 0, 0, 0, 0, 0, 0, 9, 114, 111, 111, 109, 58, 49, 115, 97, 105, 100, 1, 2),
];

/** Inputs, of which those that are new in their effect stay. */
export class Corpus {
  readonly #entries: WireData[];
  readonly #seen = new Set<string>();

  constructor(seeds: readonly WireData[]) {
    this.#entries = [...seeds];
  }

  /** How many effects were seen. */
  get effects(): number {
    return this.#seen.size;
  }

  /** The inputs that it has now. */
  get entries(): readonly WireData[] {
    return this.#entries;
  }

  /** An input: one that it has, changed a little. */
  next(random: Random): WireData {
    const data = pick(random, this.#entries);
    if (typeof data !== "string") return changedBytes(random, data, pick(random, this.#entries));
    const other = pick(random, this.#entries);
    switch (random.integer(4)) {
      case 0:
        return mutated(random, data);
      case 1:
        return typeof other === "string" ? spliced(random, data, other) : mutated(random, data);
      default:
        return changedJson(random, data, typeof other === "string" ? other : "");
    }
  }

  /** The input `data` had this effect: it is kept if that is new. */
  learn(data: WireData, effect: string): void {
    if (this.#seen.has(effect)) return;
    this.#seen.add(effect);
    if (data.length > MAX_LENGTH) return;
    if (this.#entries.length < MAX_ENTRIES) this.#entries.push(data);
    else this.#entries[effect.length % MAX_ENTRIES] = data;
  }
}

/** An effect in words, without the numbers and names of one input. */
export function effectOf(thrown: unknown): string {
  return String(thrown).replace(/"(?:[^"\\]|\\.)*"|\d+/g, "…").slice(0, 60);
}

/** What kind of value it is, two levels deep. */
export function shapeOf(value: unknown, depth = 2): string {
  if (Array.isArray(value)) return depth === 0 ? "[]" : `[${shapeOf(value[0], depth - 1)}]`;
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (depth === 0) return "{}";
  const members = Object.entries(value).slice(0, 6)
    .map(([key, each]) => `${/^[a-z_:]{1,15}$/.test(key) ? key : "…"}:${shapeOf(each, depth - 1)}`);
  return `{${members.sort().join()}}`;
}

function spliced(random: Random, one: string, other: string): string {
  return one.slice(0, random.integer(one.length + 1)) + other.slice(random.integer(other.length + 1));
}

/** Another value somewhere in what is JSON. What is none is changed as text. */
function changedJson(random: Random, text: string, other: string): string {
  let value: unknown;
  let donor: unknown = null;
  try {
    value = JSON.parse(text);
    donor = JSON.parse(other);
  } catch {
    if (value === undefined) return mutated(random, text);
  }
  return JSON.stringify(changedValue(random, value, donor)) ?? "null";
}

const VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  "",
  "1",
  "\ud800",
  "x".repeat(300),
  "*",
  "room:*",
  "a:b:1",
  [],
  {},
  [[]],
  { troupe: {} },
  { "troupe:id": "" },
  { "troupe:bytes": "%" },
];
const KEYS = [
  "troupe",
  "troupe:id",
  "troupe:bytes",
  "__proto__",
  "epoch",
  "offset",
  "last",
  "connection",
  "a",
];

function changedValue(random: Random, value: unknown, donor: unknown): unknown {
  if (typeof value !== "object" || value === null || random.integer(6) === 0) {
    if (random.integer(3) === 0) return donor;
    return typeof value === "string" && random.integer(2) === 0
      ? value + pick(random, ODD)
      : pick(random, VALUES);
  }
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = random.integer(copy.length + 1);
    if (random.integer(8) === 0) copy.splice(at, 1);
    else copy[at] = changedValue(random, copy[at], donor);
    return copy;
  }
  const entries = Object.entries(value);
  const at = random.integer(entries.length + 1);
  if (at === entries.length) entries.push([pick(random, KEYS), pick(random, VALUES)]);
  else if (random.integer(6) === 0) entries.splice(at, 1);
  else entries[at][1] = changedValue(random, entries[at][1], donor);
  return Object.fromEntries(entries);
}

function changedBytes(random: Random, bytes: Uint8Array, other: WireData): Uint8Array<ArrayBuffer> {
  const copy = [...bytes];
  for (let times = 1 + random.integer(3); times > 0; times--) {
    const at = random.integer(copy.length + 1);
    switch (random.integer(5)) {
      case 0:
        copy.splice(at, 1 + random.integer(3));
        break;
      case 1:
        copy.splice(at, 0, random.integer(256));
        break;
      case 2:
        copy[random.integer(Math.min(6, copy.length + 1))] = pick(random, [
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          127,
          128,
          255,
        ]);
        break;
      case 3:
        if (typeof other !== "string") copy.splice(at, copy.length, ...other.slice(at));
        break;
      default:
        copy[at] = random.integer(256);
    }
  }
  return Uint8Array.from(copy);
}
