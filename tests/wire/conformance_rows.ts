/**
 * What clients may do to the framing of RFC 6455 and beyond, and what becomes of it: the table in `docs/wire.md`.
 *
 * @module
 */

import { type Deeds, MAX_MESSAGE_BYTES } from "./conformance.ts";
import { closeFrame, encodeFrame, pingFrame, type RawFrame, textFrame } from "./raw_client.ts";

/** One way to do it. */
export interface Way extends Deeds {
  /** The messages that are in it, if it is accepted; bytes by their number. */
  readonly messages?: readonly (string | number)[];
  /** The messages that are whole before it is broken: they are delivered in any case. */
  readonly before?: readonly string[];
  /** The pongs that are due. */
  readonly pongs?: readonly string[];
  /** The close code that is in it. */
  readonly code?: number;
}

/** What a transport makes of it. */
export type Verdict =
  /** The messages are delivered and the pings answered, and the connection goes on. */
  | "accepted"
  /** Nothing of it is taken, and the connection goes on. */
  | "ignored"
  /** The TCP connection ends without a close frame; what came before counts. */
  | "dropped"
  /** A close frame with the client's own code, which the application is told. */
  | "echoed"
  /** A close frame with this code, which the application is told. */
  | number
  /** The two codes are not the same. */
  | { readonly wire: number; readonly told: number };

/** One row of the table: what clients do, in some ways that come to the same. */
export interface Row {
  /** What the client does. */
  readonly what: string;
  /** What RFC 6455 says to it, and where. */
  readonly rfc: string;
  /** The ways, by name. */
  readonly ways: Readonly<Record<string, Way>>;
  /** What becomes of it over the runtime's own WebSocket. */
  readonly runtime: Verdict;
  /** What becomes of it over `ws()`. */
  readonly ws: Verdict;
  /** What Troupe makes of it. */
  readonly ours: string;
}

const encoder = new TextEncoder();
/** What Troupe makes of what both sides agree on. */
export const TOLD = "`close` is told the code in the cell";
/** … of an end without a close frame. */
export const ABNORMAL = "`close` is told 1006 for a drop";
/** … of what breaks a rule of the RFC. */
export const BREACH = `${ABNORMAL}; \`ws\` counts \`connections.breaches\``;
const NOTHING = "nothing: it is not seen";

function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
/** A constant row of bytes. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
/** The first frame of a text. */
export function start(payload: string | Uint8Array, more: Partial<RawFrame> = {}): Uint8Array {
  return encodeFrame({
    opcode: 1,
    fin: false,
    payload: typeof payload === "string" ? utf8(payload) : payload,
    ...more,
  });
}
/** A frame that goes on with a message. */
export function next(payload: string | Uint8Array, fin: boolean, reserved = 0): Uint8Array {
  return encodeFrame({
    opcode: 0,
    fin,
    payload: typeof payload === "string" ? utf8(payload) : payload,
    reserved,
  });
}
/** A control frame, or a whole message without a payload. */
export function control(opcode: number, more: Partial<RawFrame> = {}): Uint8Array {
  return encodeFrame({ opcode, ...more });
}
/** The header of a frame of bytes that announces a length in eight bytes, a mask, and one byte. */
function announced(...length: number[]): Uint8Array {
  return bytes(0x82, 0xff, ...length, 1, 2, 3, 4, 5);
}
/** A way that is nothing but frames. */
export function sends(...frames: Uint8Array[]): Way {
  return { sends: frames };
}
/** One way for each of the values. */
export function each<T>(values: readonly T[], way: (value: T) => Way): Record<string, Way> {
  return Object.fromEntries(values.map((value) => [String(value), way(value)]));
}

const LONG = "x".repeat(200);
/** A ping. */
export const PING = pingFrame(utf8("A"));

/** Frames, fragments, control frames: sections 5.1 to 5.5.3. */
export const FRAMES: readonly Row[] = [
  {
    what: "A message of 0, 125, 126, 65,535 or 65,536 bytes",
    rfc: "5.2: three forms of the length",
    ways: each([0, 125, 126, 65_535, 65_536], (size) => ({
      sends: [encodeFrame({ opcode: 2, payload: new Uint8Array(size) })],
      messages: [size],
    })),
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered",
  },
  {
    what: "A message whose length takes more bytes than it must",
    rfc: "5.2: MUST NOT",
    ways: {
      "5 in two": {
        sends: [encodeFrame({ opcode: 1, payload: utf8("hello"), lengthBytes: 2 })],
        messages: ["hello"],
      },
      "5 in eight": {
        sends: [encodeFrame({ opcode: 1, payload: utf8("hello"), lengthBytes: 8 })],
        messages: ["hello"],
      },
      "200 in eight": {
        sends: [encodeFrame({ opcode: 1, payload: utf8(LONG), lengthBytes: 8 })],
        messages: [LONG],
      },
    },
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered: it harms nobody",
  },
  {
    what: "A ping whose length takes more bytes than it must",
    rfc: "5.2, 5.5: MUST NOT",
    ways: {
      "1 in two": { sends: [control(9, { payload: utf8("A"), lengthBytes: 2 })], pongs: ["A"] },
    },
    runtime: "accepted",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "A length with its highest bit set, or of a terabyte",
    rfc: "5.2: MUST be 0; 10.4: a limit",
    ways: {
      "2^63": sends(announced(0x80, 0, 0, 0, 0, 0, 0, 1)),
      "2^40": sends(announced(0, 0, 1, 0, 0, 0, 0, 0)),
    },
    runtime: "dropped",
    ws: 1009,
    ours: `${ABNORMAL}; no memory is set aside`,
  },
  {
    what: "A message over `maxMessageBytes`",
    rfc: "7.4.1: 1009",
    ways: {
      whole: sends(textFrame("x".repeat(MAX_MESSAGE_BYTES + 1))),
      "in fragments": sends(start("x".repeat(MAX_MESSAGE_BYTES)), next("x", true)),
    },
    runtime: 1009,
    ws: 1009,
    ours: "closed with 1009; under the runtime's own, after all of it has come",
  },
  {
    what: "A reserved bit, without an extension",
    rfc: "5.2: fail the connection",
    ways: {
      ...each(
        [1, 2, 3, 4, 5, 6, 7],
        (reserved) => sends(encodeFrame({ opcode: 1, payload: utf8("hi"), reserved })),
      ),
      "on a ping": sends(control(9, { reserved: 4 })),
      "on the first fragment": sends(start("a", { reserved: 2 })),
      "on a later one": sends(start("a"), next("b", true, 4)),
    },
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "An opcode that is reserved",
    rfc: "5.2: fail",
    ways: each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15], (opcode) => sends(control(opcode))),
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "A message or a ping that is not masked",
    rfc: "5.1: MUST fail",
    ways: {
      text: { sends: [encodeFrame({ opcode: 1, payload: utf8("hi"), masked: false })], messages: ["hi"] },
      ping: { sends: [control(9, { payload: utf8("A"), masked: false })], pongs: ["A"] },
    },
    runtime: "accepted",
    ws: 1002,
    ours: "delivered; where it matters, use `ws` or put a strict proxy in front",
  },
  {
    what: "A close that is not masked",
    rfc: "5.1: MUST fail",
    ways: { it: { sends: [control(8, { payload: bytes(3, 232), masked: false })], code: 1000 } },
    runtime: "echoed",
    ws: 1002,
    ours: TOLD,
  },
  {
    what: "A message in fragments, empty ones and cut characters among them",
    rfc: "5.4: one message",
    ways: {
      three: { sends: [start("he"), next("l", false), next("lo", true)], messages: ["hello"] },
      "empty ones": {
        sends: [start(""), next("", false), next("hello", false), next("", true)],
        messages: ["hello"],
      },
      "cut within a character": { sends: [start(bytes(0xc3)), next(bytes(0xa9), true)], messages: ["é"] },
      "a thousand": {
        sends: [start("x"), ...Array.from({ length: 999 }, (_, i) => next("x", i === 998))],
        messages: ["x".repeat(1_000)],
      },
      bytes: {
        sends: [encodeFrame({ opcode: 2, payload: bytes(1), fin: false }), next(bytes(0xff), true)],
        messages: [2],
      },
    },
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered, as one message",
  },
  {
    what: "A ping or a pong between fragments",
    rfc: "5.4: MUST be handled",
    ways: {
      ping: { sends: [start("he"), PING, next("llo", true)], messages: ["hello"], pongs: ["A"] },
      pong: { sends: [start("he"), control(10), next("llo", true)], messages: ["hello"] },
    },
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered",
  },
  {
    what: "A close between fragments",
    rfc: "5.4: MAY be",
    ways: { it: { sends: [start("he"), closeFrame(1000)], code: 1000 } },
    runtime: "echoed",
    ws: "echoed",
    ours: "the message never ends, and is not delivered",
  },
  {
    what: "A continuation of nothing",
    rfc: "5.4: fail",
    ways: {
      "at first": sends(next("hi", true)),
      "not the last": sends(next("hi", false)),
      "behind a message": { sends: [textFrame("hi"), next("!", true)], before: ["hi"] },
      "behind the last fragment": { sends: [start("h"), next("i", true), next("!", true)], before: ["hi"] },
    },
    runtime: "dropped",
    ws: 1002,
    ours: `what came before is delivered; ${BREACH}`,
  },
  {
    what: "A message within one in fragments",
    rfc: "5.4: MUST NOT",
    ways: {
      text: sends(start("he"), textFrame("llo")),
      bytes: sends(start("he"), control(2)),
    },
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "The first fragment of another message within one",
    rfc: "5.4: MUST NOT",
    ways: { it: { sends: [start("he"), start("ll"), next("o", true)], messages: ["llo"] } },
    runtime: "accepted",
    ws: 1002,
    ours: "the runtime forgets the first message, and we cannot tell",
  },
  {
    what: "A ping of up to 125 bytes, or several at once",
    rfc: "5.5.2: a pong with the same payload",
    ways: {
      empty: { sends: [pingFrame()], pongs: [""] },
      "125 bytes": { sends: [pingFrame(utf8("p".repeat(125)))], pongs: ["p".repeat(125)] },
      three: { sends: ["a", "b", "c"].map((text) => pingFrame(utf8(text))), pongs: ["a", "b", "c"] },
    },
    runtime: "accepted",
    ws: "accepted",
    ours: "answered below Troupe, each",
  },
  {
    what: "A pong that nobody asked for",
    rfc: "5.5.3: no answer",
    ways: { it: sends(control(10, { payload: utf8("A") })) },
    runtime: "ignored",
    ws: "ignored",
    ours: NOTHING,
  },
  {
    what: "A ping of 126 bytes",
    rfc: "5.5: MUST NOT",
    ways: { it: sends(pingFrame(new Uint8Array(126))) },
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "A pong of 126 bytes",
    rfc: "5.5: MUST NOT",
    ways: { it: sends(control(10, { payload: new Uint8Array(126) })) },
    runtime: "ignored",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "A close of 126 bytes",
    rfc: "5.5: MUST NOT",
    ways: { it: { sends: [closeFrame(1000, "x".repeat(124))], code: 1000 } },
    runtime: "echoed",
    ws: 1002,
    ours: "`close` is told a reason longer than one may be",
  },
  {
    what: "A control frame in fragments",
    rfc: "5.5: MUST NOT",
    ways: each([8, 9, 10], (opcode) => sends(control(opcode, { fin: false }))),
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
];

/** How a verdict reads in the table. */
export function cellOf(verdict: Verdict): string {
  if (typeof verdict === "number") return String(verdict);
  if (typeof verdict === "string") return verdict;
  return `${verdict.wire} (told: ${verdict.told})`;
}
