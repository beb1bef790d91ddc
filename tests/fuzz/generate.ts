/**
 * Random and mutated input for a server: text and binary messages, frames that break the WebSocket protocol, and HTTP
 * requests. The same seed gives the same input.
 *
 * @module
 */

import type { Random } from "../../src/base/random.ts";
import { encodeFrame, handshake } from "../wire/raw_client.ts";

const encoder = new TextEncoder();

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.integer(from.length)];
}

const TOPICS = [
  "free:1",
  "free:2",
  "typed:1",
  "typed:",
  "phoenix",
  "calm:1",
  "kept:1",
  "kept:*",
  "kept:{id}",
  "none:1",
  "free",
  "",
  "free:1:2",
  "💬",
];
const EVENTS = [
  "phx_join",
  "phx_join",
  "phx_leave",
  "phx_close",
  "phx_error",
  "phx_reply",
  "heartbeat",
  "echo",
  "spread",
  "troupe:presence",
  "give",
  "take",
  "stop",
  "other",
  "",
  "__proto__",
  "constructor",
];
const REFS = ["1", "2", "3", null, "", "9".repeat(30), 7, {}, true];
/** What text formats trip over. */
export const ODD = [
  "\u0000",
  "\ud800",
  "\udfff",
  "💬",
  "\u202e",
  "é",
  '"',
  "\\",
  "[",
  "]",
  "{",
  "}",
  ",",
  "null",
  "1e999",
  "-",
];

const PAYLOADS = [
  { text: "hello" },
  { text: "hello" },
  { text: "hello", "troupe:id": "a" },
  { "troupe:id": 7 },
  { troupe: { epoch: "e", offset: 3, last: 2, connection: "c" } },
  { troupe: { offset: 0 } },
  { troupe: { last: 1e9, offset: -1 } },
  { troupe: null },
  { after: 1 },
  { after: "1" },
];

function anyText(random: Random, length: number): string {
  let text = "";
  for (let i = random.integer(length); i > 0; i--) {
    text += random.integer(3) === 0 ? pick(random, ODD) : String.fromCharCode(random.integer(0x1_0000));
  }
  return text;
}

function anyJson(random: Random, depth = 0): unknown {
  switch (random.integer(depth > 4 ? 6 : 9)) {
    case 0:
      return null;
    case 1:
      return random.integer(2) === 0;
    case 2:
      return pick(random, [0, -1, 1.5, 2 ** 53, -0, 1e308]);
    case 3:
      return anyText(random, 12);
    case 4:
      return { text: anyText(random, 5) };
    case 5:
      return {};
    case 6:
      return Array.from({ length: random.integer(4) }, () => anyJson(random, depth + 1));
    case 7:
      return {
        [pick(random, ["text", "__proto__", "length", "then", "toJSON"])]: anyJson(random, depth + 1),
      };
    default:
      return Object.fromEntries(
        Array.from({ length: random.integer(3) }, (_, i) => [`k${i}`, anyJson(random, depth + 1)]),
      );
  }
}

function anyMessage(random: Random): unknown[] {
  const message = [
    pick(random, REFS),
    pick(random, REFS),
    pick(random, TOPICS),
    pick(random, EVENTS),
    random.integer(3) === 0 ? anyJson(random) : pick(random, PAYLOADS),
  ];
  if (random.integer(3) > 0) [message[0], message[1]] = ["1", String(random.integer(1_000))]; // mostly sane
  return message;
}

/** Deletes, repeats, inserts or cuts something. */
export function mutated(random: Random, text: string): string {
  let result = text;
  for (let times = 1 + random.integer(3); times > 0; times--) {
    const at = random.integer(result.length + 1);
    const length = random.integer(4);
    const rest = result.slice(at + length);
    switch (random.integer(5)) {
      case 0:
        result = result.slice(0, at) + rest;
        break;
      case 1:
        result = result.slice(0, at) + anyText(random, 4) + result.slice(at);
        break;
      case 2:
        result = result.slice(0, at) + result.slice(at, at + length).repeat(1 + random.integer(4)) + rest;
        break;
      case 3:
        result = result.slice(0, at);
        break;
      default:
        result = result.slice(0, at) + pick(random, ODD) + rest;
    }
  }
  return result;
}

/** A text message: sane, mutated, of odd JSON, nested deeply, or no JSON at all. */
export function anyTextMessage(random: Random): string {
  const sane = JSON.stringify(anyMessage(random));
  switch (random.integer(12)) {
    case 0:
      return mutated(random, sane);
    case 1:
      return JSON.stringify(Array.from({ length: random.integer(5) }, () => anyMessage(random))); // a batch
    case 2:
      return JSON.stringify(anyJson(random));
    case 3: {
      const depth = 1 + random.integer(3_000);
      return `["1","2","free:1","echo",${"[".repeat(depth)}${
        "]".repeat(random.integer(20) === 0 ? depth - 1 : depth)
      }]`;
    }
    case 4: // as V1 has it
      return JSON.stringify({
        topic: pick(random, TOPICS),
        event: pick(random, EVENTS),
        payload: anyJson(random),
        ref: pick(random, REFS),
      });
    case 5:
      return random.integer(4) === 0 ? anyText(random, 40) : sane;
    default:
      return sane;
  }
}

/** A binary message: a sane push of Phoenix V2, mutated, cut, or any bytes. */
export function anyBinaryMessage(random: Random): Uint8Array {
  const texts = ["1", String(random.integer(100)), pick(random, TOPICS), pick(random, EVENTS)]
    .map((text) => encoder.encode(text));
  const bytes = [random.integer(8) === 0 ? random.integer(256) : 0, ...texts.map(({ length }) => length)];
  for (const text of texts) bytes.push(...text);
  for (let i = random.integer(50); i > 0; i--) bytes.push(random.integer(256));
  switch (random.integer(6)) {
    case 0:
      return Uint8Array.from(bytes, (byte) => random.integer(10) === 0 ? random.integer(256) : byte);
    case 1:
      return Uint8Array.from(bytes.slice(0, random.integer(bytes.length)));
    case 2:
      return Uint8Array.from({ length: random.integer(40) }, () => random.integer(256));
    default:
      return Uint8Array.from(bytes);
  }
}

/** Bytes behind an upgrade that break the WebSocket protocol, or end within a frame. */
export function anyBrokenFrame(random: Random): Uint8Array {
  const payload = encoder.encode(anyText(random, 20));
  switch (random.integer(8)) {
    case 0:
      return encodeFrame({ opcode: 1, payload: Uint8Array.of(0xff, 0xfe, 0x80) }); // no UTF-8
    case 1:
      return encodeFrame({ opcode: 3 + random.integer(5), payload });
    case 2:
      return encodeFrame({ opcode: 1, payload, reserved: 1 + random.integer(7) });
    case 3:
      return encodeFrame({ opcode: 0, payload }); // continues nothing
    case 4:
      return encodeFrame({ opcode: 9, payload: new Uint8Array(200) }); // a ping that is too long
    case 5:
      return encodeFrame({ opcode: 8, payload: Uint8Array.of(random.integer(256)) }); // half a close code
    case 6: {
      const frame = encodeFrame({ opcode: 1, payload: encoder.encode("cut within") });
      return frame.slice(0, 1 + random.integer(frame.length - 1));
    }
    default:
      return Uint8Array.from({ length: 1 + random.integer(60) }, () => random.integer(256));
  }
}

const PATHS = [
  "/socket/websocket?vsn=2.0.0",
  "/socket/websocket",
  "/raw",
  "/",
  "/socket/websocket/",
  "/site",
];
const HEADERS = [
  "Host",
  "Origin",
  "Upgrade",
  "Connection",
  "Cookie",
  "Authorization",
  "Sec-WebSocket-Key",
  "Sec-WebSocket-Version",
  "Sec-WebSocket-Protocol",
  "Sec-WebSocket-Extensions",
  "Content-Length",
  "Transfer-Encoding",
  "Expect",
  "X-Forwarded-For",
];
const VALUES = [
  "",
  " ",
  "websocket",
  "Upgrade, keep-alive",
  "13",
  "-1",
  "http://evil.example",
  "null",
  "http://[",
  "a b",
  "[::1",
  "phoenix, base64url.bearer.phx.%%%",
  "phoenix,base64url.bearer.phx.YQ",
  ",,,",
  "a=b; c; =; __proto__=1",
  "Bearer ",
  "Bearer a.b.c",
  "chunked",
  "100-continue",
  "x".repeat(5_000),
];

/** An HTTP request, most often an upgrade, sane or with something wrong. */
export function anyRequest(random: Random): Uint8Array {
  let path = pick(random, PATHS);
  if (random.integer(3) === 0) path = mutated(random, path).replace(/[\s\p{Cc}]/gu, "");
  if (random.integer(8) === 0) {
    path += `&${encodeURI(anyText(random, 10).toWellFormed())}=%${random.integer(300)}`;
  }
  const lines = handshake(path);
  for (let times = random.integer(4); times > 0; times--) {
    const at = 1 + random.integer(lines.length - 1);
    switch (random.integer(4)) {
      case 0:
        lines.splice(at, 1);
        if (lines.length === 1) lines.push("Host: a");
        break;
      case 1:
        lines[at] = `${lines[at].split(":")[0]}: ${pick(random, VALUES)}`;
        break;
      case 2:
        lines.push(lines[at]);
        break;
      default:
        lines.push(`${pick(random, HEADERS)}: ${pick(random, VALUES)}`);
    }
  }
  if (random.integer(10) === 0) {
    lines[0] = lines[0].replace("GET", pick(random, ["POST", "HEAD", "OPTIONS", "PRI", "get", ""]));
  }
  if (random.integer(10) === 0) {
    lines[0] = lines[0].replace("HTTP/1.1", pick(random, ["HTTP/1.0", "HTTP/2.0", "HTTP", ""]));
  }
  const bytes = encoder.encode([...lines, "", ""].join("\r\n"));
  switch (random.integer(8)) {
    case 0:
      return bytes.map((byte) => random.integer(60) === 0 ? random.integer(256) : byte);
    case 1:
      return bytes.slice(0, random.integer(bytes.length));
    default:
      return bytes;
  }
}
