/**
 * The second part of the table: closes, text that is no UTF-8, the ends of TCP.
 *
 * @module
 */

import { CLOSE_COMMAND, COMMANDED } from "./conformance.ts";
import {
  ABNORMAL,
  BREACH,
  bytes,
  control,
  each,
  next,
  PING,
  type Row,
  sends,
  start,
  TOLD,
  type Way,
} from "./conformance_rows.ts";
import { closeFrame, encodeFrame, textFrame } from "./raw_client.ts";

/** A text that may be no UTF-8. */
function rawText(...payload: number[]): Uint8Array {
  return encodeFrame({ opcode: 1, payload: bytes(...payload) });
}
function closes(...codes: number[]): Record<string, Way> {
  return each(codes, (code) => ({ sends: [closeFrame(code, "bye")], code }));
}

/** Sections 5.5.1, 7, 8. */
export const ENDINGS: readonly Row[] = [
  {
    what: "A close with 1000–1003, 1007–1013 or 3000–4999",
    rfc: "5.5.1, 7.4: echo it",
    ways: closes(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999),
    runtime: "echoed",
    ws: "echoed",
    ours: TOLD,
  },
  {
    what: "A close with 1014 (Bad Gateway, of IANA's registry)",
    rfc: "7.4.2: may be registered",
    ways: closes(1014),
    runtime: { wire: 1002, told: 1006 },
    ws: "echoed",
    ours: "`close` is told 1006 under the runtime's own",
  },
  {
    what: "A close with 1004, 1005, 1006 or 1015, or of no range",
    rfc: "7.4: MUST NOT",
    ways: closes(1004, 1005, 1006, 1015, 0, 1, 999, 1016, 1100, 2000, 2999, 5000, 65_535),
    runtime: { wire: 1002, told: 1006 },
    ws: 1002,
    ours: "the same as a drop under the runtime's own; `connections.breaches` under `ws`",
  },
  {
    what: "A close without a code",
    rfc: "7.1.5: counts as 1005",
    ways: { it: { sends: [closeFrame()], code: 1005 } },
    runtime: "echoed",
    ws: "echoed",
    ours: "an empty close frame answers; `close` is told 1005",
  },
  {
    what: "A close with a reason of 123 bytes",
    rfc: "5.5: the longest",
    ways: { it: { sends: [closeFrame(4_000, "x".repeat(123))], code: 4_000 } },
    runtime: "echoed",
    ws: "echoed",
    ours: TOLD,
  },
  {
    what: "A close with a body of one byte",
    rfc: "5.5.1: MUST be 0 or 2 and more",
    ways: { it: sends(control(8, { payload: bytes(3) })) },
    runtime: "dropped",
    ws: 1002,
    ours: BREACH,
  },
  {
    what: "A close whose reason is no UTF-8",
    rfc: "5.5.1, 8.1: fail",
    ways: {
      "no byte of it": sends(control(8, { payload: bytes(3, 232, 0xff) })),
      "cut short": sends(control(8, { payload: bytes(3, 232, 0xc3) })),
    },
    runtime: "dropped",
    ws: 1007,
    ours: `${ABNORMAL}; \`ws\` counts \`connections.malformed\``,
  },
  {
    what: "Frames behind a close, or what is no frame",
    rfc: "5.5.1: MUST NOT; ignored",
    ways: {
      text: { sends: [closeFrame(1000), textFrame("behind")], code: 1000 },
      ping: { sends: [closeFrame(1000), PING], code: 1000 },
      "a close": { sends: [closeFrame(1000), closeFrame(1001)], code: 1000 },
      rubbish: { sends: [closeFrame(1000), bytes(0xff, 0xff, 0xff)], code: 1000 },
    },
    runtime: "echoed",
    ws: "echoed",
    ours: "nothing behind a close is delivered",
  },
  {
    what: "An answer to our close: the same code, another, none, rubbish, or a drop",
    rfc: "7.1.2: the first code counts",
    ways: {
      "the same": sends(textFrame(CLOSE_COMMAND)),
      another: { sends: [textFrame(CLOSE_COMMAND)], answer: closeFrame(1000) },
      none: { sends: [textFrame(CLOSE_COMMAND)], answer: closeFrame() },
      rubbish: { sends: [textFrame(CLOSE_COMMAND)], answer: bytes(0xff, 0x80) },
      "a drop": { sends: [textFrame(CLOSE_COMMAND)], answer: null },
    },
    runtime: COMMANDED,
    ws: COMMANDED,
    ours: "`close` is told our own code, whatever the answer",
  },
  {
    what: "Messages that came behind what made us close",
    rfc: "1.4",
    ways: { it: sends(textFrame(CLOSE_COMMAND), textFrame("behind"), textFrame("behind")) },
    runtime: COMMANDED,
    ws: COMMANDED,
    ours: "not delivered; the close frame is not lost",
  },
  {
    what: "A close that crosses ours",
    rfc: "7.1.2: either",
    ways: { it: sends(textFrame(CLOSE_COMMAND), closeFrame(1001)) },
    runtime: { wire: 1001, told: COMMANDED },
    ws: COMMANDED,
    ours: "`close` is told our own code",
  },
  {
    what: "Text with U+0000, U+10FFFF, non-characters, a byte order mark",
    rfc: "8.1: UTF-8 as it is",
    ways: each(["\0", "\u{10ffff}", "\ufffe\uffff", "\ufeffa"], (text) => ({
      sends: [textFrame(text)],
      messages: [text],
    })),
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered, unchanged",
  },
  {
    what: "Text that is no UTF-8: overlong, a surrogate, over U+10FFFF, cut short",
    rfc: "8.1: fail",
    ways: {
      "no byte of it": sends(rawText(0xff)),
      overlong: sends(rawText(0xc0, 0x80)),
      surrogate: sends(rawText(0xed, 0xa0, 0x80)),
      "over U+10FFFF": sends(rawText(0xf4, 0x90, 0x80, 0x80)),
      "cut short": sends(rawText(0x61, 0xe2, 0x82)),
      "in fragments": sends(start(bytes(0xff)), next("a", true)),
      "across fragments": sends(start(bytes(0xc3)), next("a", true)),
    },
    runtime: "dropped",
    ws: 1007,
    ours: `${ABNORMAL}; \`ws\` counts \`connections.malformed\``,
  },
  {
    what: "A text in fragments that ends within a character",
    rfc: "8.1: fail",
    ways: { it: { sends: [start(bytes(0x61, 0xc3)), next("", true)], messages: ["a"] } },
    runtime: "accepted",
    ws: 1007,
    ours: "the runtime delivers it without the cut character, and we cannot tell",
  },
  {
    what: "Each byte in a TCP segment of its own",
    rfc: "5.2: no bounds but frames",
    ways: { it: { sends: [textFrame("hello"), PING], byteByByte: true, messages: ["hello"], pongs: ["A"] } },
    runtime: "accepted",
    ws: "accepted",
    ours: "delivered",
  },
  {
    what: "TCP ends without a close, in whole or the client's half: at once, or within a frame or a message",
    rfc: "7.1.5: counts as 1006",
    ways: Object.fromEntries((["fin", "drop"] as const).flatMap((then): [string, Way][] => [
      [`${then}, at once`, { sends: [], then }],
      [`${then}, within a frame`, { sends: [textFrame("hello").slice(0, 4)], then }],
      [`${then}, within a message`, { sends: [start("he")], then }],
    ])),
    runtime: "dropped",
    ws: "dropped",
    ours: "`close` is told 1006; half a message is not delivered",
  },
  {
    what: "TCP ends behind a whole message",
    rfc: "7.1.5: counts as 1006",
    ways: each(["fin", "drop"] as const, (then) => ({ sends: [textFrame("hi")], then, before: ["hi"] })),
    runtime: "dropped",
    ws: "dropped",
    ours: "the message is delivered, then `close` is told 1006",
  },
  {
    what: "The client's half of TCP ends right behind its close",
    rfc: "7.1.1: the server ends first",
    ways: { it: { sends: [closeFrame(1000)], then: "fin", code: 1000 } },
    runtime: "echoed",
    ws: "echoed",
    ours: TOLD,
  },
];
