/**
 * A WebSocket client over bare TCP, for tests that must see and send every byte: broken handshakes, malformed frames,
 * close frames as they come. It knows nothing of channels.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";

/** What a server answered to an HTTP request. */
export interface HttpAnswer {
  /** The status code and its text, e.g. `403 Forbidden`. */
  readonly status: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What came over an open connection. `close` comes once, last: 1005 is a close frame without a code, 1006 is none. */
export type Received =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" | "ping" | "pong"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** The first two bytes of a frame, and its payload. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** Default: `true`. */
  readonly fin?: boolean;
  /** The reserved bits, as a number from 0 to 7. Default: 0. */
  readonly reserved?: number;
  /** Default: `true`, as the protocol asks of clients. */
  readonly masked?: boolean;
  /** In how many bytes of its own the length stands: 0, 2 or 8. Default: as few as it takes. */
  readonly lengthBytes?: 0 | 2 | 8;
}

const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const MASK = [0x37, 0xfa, 0x21, 0x3d];
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How long to wait for what must come, in milliseconds: only a broken server is that slow. */
const PATIENCE_MS = 20_000;

/** The bytes of one frame. */
export function encodeFrame(frame: RawFrame): Uint8Array {
  const { opcode, payload = new Uint8Array(), fin = true, reserved = 0, masked = true } = frame;
  const { length } = payload;
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const bytes = new Uint8Array(2 + lengthBytes + (masked ? 4 : 0) + length);
  bytes[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  bytes[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  const view = new DataView(bytes.buffer);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  const start = bytes.length - length;
  if (masked) bytes.set(MASK, start - 4);
  for (let i = 0; i < length; i++) bytes[start + i] = masked ? payload[i] ^ MASK[i & 3] : payload[i];
  return bytes;
}

/** A text frame. */
export function textFrame(text: string): Uint8Array {
  return encodeFrame({ opcode: OPCODES.text, payload: encoder.encode(text) });
}

/** A binary frame. */
export function binaryFrame(payload: Uint8Array): Uint8Array {
  return encodeFrame({ opcode: OPCODES.binary, payload });
}

/** A ping. */
export function pingFrame(payload?: Uint8Array): Uint8Array {
  return encodeFrame({ opcode: OPCODES.ping, payload });
}

/** A close frame; without a code it is empty. */
export function closeFrame(code?: number, reason = ""): Uint8Array {
  if (code === undefined) return encodeFrame({ opcode: OPCODES.close });
  return encodeFrame({
    opcode: OPCODES.close,
    payload: new Uint8Array([code >> 8, code & 0xff, ...encoder.encode(reason)]),
  });
}

/** The lines of a handshake that every server accepts. `headers` come behind them. */
export function handshake(path: string, headers: Readonly<Record<string, string>> = {}): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${KEY}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
}

/** One connection. Dispose of it: that drops the TCP connection. */
export class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #buffer: Uint8Array = new Uint8Array();
  readonly #received: Received[] = [];
  #wake: (() => void) | null = null;
  #closeSent = false;
  #closed: Promise<void> = Promise.resolve();

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** A TCP connection, nothing sent yet. */
  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** An open WebSocket. Throws what the server answered if it refused. */
  static async open(
    port: number,
    path: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RawClient> {
    const client = await RawClient.connect(port);
    const { status, body } = await client.request(handshake(path, headers));
    if (status.startsWith("101 ")) return client;
    client[Symbol.dispose]();
    throw new Error(`no upgrade: ${status} ${body}`);
  }

  /**
   * Sends an HTTP request without a body and reads the answer. After a 101 the connection speaks WebSocket. `behind`
   * goes out in the same write.
   */
  async request(lines: readonly string[], ...behind: readonly Uint8Array[]): Promise<HttpAnswer> {
    await this.send(encoder.encode([...lines, "", ""].join("\r\n")), ...behind);
    const answer = await deadline(this.#readAnswer(), PATIENCE_MS);
    if (answer.status.startsWith("101 ")) this.#closed = this.#readFrames();
    return answer;
  }

  /** Sends bytes as they are, all in one go. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    const bytes = concat(parts);
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  /** Sends a text message. */
  text(text: string): Promise<void> {
    return this.send(textFrame(text));
  }

  /** Sends a binary message. */
  binary(bytes: Uint8Array): Promise<void> {
    return this.send(binaryFrame(bytes));
  }

  /** Sends a close frame. */
  close(code?: number, reason?: string): Promise<void> {
    this.#closeSent = true;
    return this.send(closeFrame(code, reason));
  }

  /** The next of what came, in order. Rejects with a `TimeoutError` if nothing comes for very long. */
  async next(timeoutMs: number = PATIENCE_MS): Promise<Received> {
    if (this.#received.length === 0) {
      await deadline(new Promise<void>((resolve) => this.#wake = resolve), timeoutMs);
    }
    return this.#received.shift()!;
  }

  /** What has come and was not asked for yet. */
  pending(): readonly Received[] {
    return [...this.#received];
  }

  /** Resolves when the server has dropped the TCP connection. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Drops the TCP connection, without a close frame. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
  }

  async #readAnswer(): Promise<HttpAnswer> {
    let end: number;
    while ((end = indexOfBlankLine(this.#buffer)) < 0) await this.#readMore();
    const [statusLine, ...lines] = decoder.decode(this.#take(end + 4)).trimEnd().split("\r\n");
    const headers = new Headers();
    for (const line of lines) {
      headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1));
    }
    const length = Number(headers.get("content-length") ?? "0");
    while (this.#buffer.length < length) await this.#readMore();
    return {
      status: statusLine.slice(statusLine.indexOf(" ") + 1),
      headers,
      body: decoder.decode(this.#take(length)),
    };
  }

  async #readFrames(): Promise<void> {
    let closing = false;
    try {
      while (true) {
        const received = await this.#readFrame();
        if (closing) continue; // nothing counts behind a close frame
        this.#deliver(received);
        if (received.kind !== "close") continue;
        closing = true;
        if (!this.#closeSent) await this.close(received.code === 1005 ? undefined : received.code);
      }
    } catch {
      if (!closing) this.#deliver({ kind: "close", code: 1006, reason: "" });
    }
    this[Symbol.dispose]();
  }

  async #readFrame(): Promise<Received> {
    const parts: Uint8Array[] = [];
    let opcode = 0;
    while (true) {
      const header = await this.#read(2);
      const isFinal = (header[0] & 0x80) !== 0;
      if (parts.length === 0) opcode = header[0] & 0x0f;
      let length = header[1] & 0x7f;
      if (length === 126) length = viewOf(await this.#read(2)).getUint16(0);
      else if (length === 127) length = Number(viewOf(await this.#read(8)).getBigUint64(0));
      parts.push(await this.#read(length));
      if (isFinal) return interpret(opcode, concat(parts));
    }
  }

  #deliver(received: Received): void {
    this.#received.push(received);
    this.#wake?.();
    this.#wake = null;
  }

  async #read(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count) await this.#readMore();
    return this.#take(count);
  }

  #take(count: number): Uint8Array {
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return bytes;
  }

  async #readMore(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    const count = await this.#conn.read(chunk);
    if (count === null) throw new Error("the server has dropped the connection");
    this.#buffer = concat([this.#buffer, chunk.subarray(0, count)]);
  }
}

function interpret(opcode: number, bytes: Uint8Array): Received {
  switch (opcode) {
    case OPCODES.text:
      return { kind: "text", text: decoder.decode(bytes) };
    case OPCODES.binary:
      return { kind: "binary", bytes };
    case OPCODES.ping:
      return { kind: "ping", bytes };
    case OPCODES.pong:
      return { kind: "pong", bytes };
    case OPCODES.close:
      if (bytes.length < 2) return { kind: "close", code: 1005, reason: "" };
      return { kind: "close", code: viewOf(bytes).getUint16(0), reason: decoder.decode(bytes.subarray(2)) };
    default:
      throw new Error(`the server sent the opcode ${opcode}`);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function indexOfBlankLine(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}
