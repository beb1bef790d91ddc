/**
 * What a long-poll client sends: the body of a POST, read within bounds, and the messages in it.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import type { WireData } from "../protocol/frame.ts";

/** The most messages of one body that are read, as in Phoenix; phoenix.js sends no more. */
export const MAX_LINES = 100;

/** How the reading of a body is bounded. */
export interface BodyBounds {
  /** Bytes. */
  readonly maxBytes: number;
  /** How long it may take to come, in milliseconds. */
  readonly timeoutMs: number;
}

/** Why a body could not be read: it is larger than allowed, it took too long, the request broke off. */
export type BodyFault = "too_big" | "late" | "broken";

/** Reads the body of one request: no more of it is ever held than may be, plus the chunk that was one too many. */
export class BodyReader {
  readonly #request: Request;
  readonly #bounds: BodyBounds;
  readonly #clock: Clock;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;
  #fault: BodyFault | null = null;

  constructor(request: Request, bounds: BodyBounds, clock: Clock) {
    this.#request = request;
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** The whole body, or why not. It does not reject. Called once. */
  async read(): Promise<Uint8Array<ArrayBuffer> | BodyFault> {
    const { maxBytes, timeoutMs } = this.#bounds;
    const stream = this.#request.body;
    if (Number(this.#request.headers.get("content-length") ?? 0) > maxBytes) {
      void stream?.cancel().catch(() => {});
      return "too_big";
    }
    if (this.#fault !== null || stream === null) return this.#fault ?? new Uint8Array();
    const timer = this.#clock.setTimer(() => this.stop("late"), timeoutMs);
    try {
      this.#reader = stream.getReader();
      return await this.#readAll(this.#reader, maxBytes);
    } catch {
      return this.#fault ?? "broken";
    } finally {
      this.#clock.clearTimer(timer);
    }
  }

  /** Reads no more: {@link BodyReader.read} answers `fault`. */
  stop(fault: BodyFault): void {
    this.#fault ??= fault;
    void this.#reader?.cancel().catch(() => {});
  }

  async #readAll(
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    maxBytes: number,
  ): Promise<Uint8Array<ArrayBuffer> | BodyFault> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    while (true) {
      const { done, value } = await reader.read();
      if (this.#fault !== null) return this.#fault;
      if (done) return chunks.length === 1 ? chunks[0] : concat(chunks, size);
      size += value.byteLength;
      if (size > maxBytes) {
        this.stop("too_big");
        return "too_big";
      }
      chunks.push(value);
    }
  }
}

/** What is in a body. */
export interface Messages {
  /** Text messages, and the bytes of binary ones, in order. */
  readonly messages: readonly WireData[];
  /** Whether there were more lines than {@link MAX_LINES}: they are not read. */
  readonly cut: boolean;
}

/**
 * Finds the messages in a body. With the content type `application/x-ndjson` each line is one: a line that begins with
 * `[` is a text message, any other is the base64 of a binary one; a line ends with `\n` or `\r\n`, the last one may as
 * well end with nothing, and blank lines are none. With any other content type the whole body is one text message.
 *
 * Returns the fault, in words, for a body that cannot be read: then no message of it counts.
 */
export function parseBody(body: Uint8Array<ArrayBuffer>, contentType: string | null): Messages | string {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return "the body is not UTF-8";
  }
  if (contentType?.split(";")[0].trim().toLowerCase() === NDJSON) return parseLines(text);
  return text.trim() === "" ? "the body is empty" : { messages: [text], cut: false };
}

const NDJSON = "application/x-ndjson";
const decoder = new TextDecoder("utf-8", { fatal: true });

function parseLines(text: string): Messages | string {
  const messages: WireData[] = [];
  let start = 0;
  for (let number = 1; number <= MAX_LINES && start < text.length; number++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trim();
    start = end + 1;
    if (line === "") continue;
    const message = line.startsWith("[") ? line : bytesOf(line);
    if (message === null) return `line ${number} is neither a JSON array nor base64`;
    messages.push(message);
  }
  return { messages, cut: start < text.length && text.slice(start).trim() !== "" };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return null;
  }
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
