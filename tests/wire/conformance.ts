/**
 * A WebSocket client over bare TCP that breaks whatever rule it is told to, and what became of it: on the wire, and in
 * the application.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { App, type Listening, type Transport } from "../../mod.ts";
import { encodeFrame, handshake, textFrame } from "./raw_client.ts";

/** The largest message that the application takes, in bytes. */
export const MAX_MESSAGE_BYTES = 100_000;
/** Told this, the application closes with {@link COMMANDED}. */
export const CLOSE_COMMAND = "close, please";
/** The close code of the application's own. */
export const COMMANDED = 4_000;

/** How long to wait for what must come, in milliseconds: only a broken server is that slow. */
const PATIENCE_MS = 20_000;
/** What a connection says at last that should have lived: it comes back. */
const MARK = "still there?";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a client does behind its handshake. */
export interface Deeds {
  /** Goes out in one write. */
  readonly sends: readonly Uint8Array[];
  /** Each byte is a write of its own. */
  readonly byteByByte?: boolean;
  /** What follows: its half of the TCP connection ends (`fin`), or all of it (`drop`). Default: nothing. */
  readonly then?: "fin" | "drop";
  /** Goes out when the server's close frame has come. Default: what it came with. `null`: nothing, it drops. */
  readonly answer?: Uint8Array | null;
}

/** What became of a connection. */
export interface Outcome {
  /** The messages that the application got; bytes by their number. */
  readonly delivered: readonly (string | number)[];
  /** The payloads of the pongs that came, as text. */
  readonly pongs: readonly string[];
  /** How it ended on the wire: a close code (1005: a close frame without one), or no close frame; `null`: it lives. */
  readonly wire: number | "dropped" | null;
  /** With which code the application was told; `null`: it lives. */
  readonly told: number | null;
}

/** An application that echoes what it gets, and remembers it. */
export class EchoServer {
  readonly app: App;
  readonly #listening: Listening;
  readonly #delivered: (string | number)[] = [];
  #ended = Promise.withResolvers<number>();

  /** Listens, on a port of its own. */
  constructor(transport: Transport) {
    this.app = new App({
      transports: [transport],
      authenticate: ({ params }) => ({ id: params.user ?? "somebody" }),
      // The bystander says as much as it can.
      limits: { maxMessageBytes: MAX_MESSAGE_BYTES, messagesPerSecond: 1_000_000, messageBurst: 1_000_000 },
    })
      .topic("calm:*", { on: { echo: (_ctx, payload) => payload } })
      .component("/echo", {
        message: (conn, data) => {
          if (data === CLOSE_COMMAND) return conn.close(COMMANDED, "as told");
          if (data !== MARK) this.#delivered.push(typeof data === "string" ? data : data.byteLength);
          conn.send(data);
        },
        close: (_conn, code) => this.#ended.resolve(code),
      });
    this.#listening = this.app.listen({ port: 0, signals: false });
  }

  /** The port. */
  get port(): number {
    return this.#listening.port;
  }

  /** Ends it. */
  close(): Promise<void> {
    return this.#listening.close();
  }

  /** Opens a connection, does the deeds, and says what became of it. `lives`: whether it is asked for a sign of life. */
  async suffer(deeds: Deeds, lives: boolean): Promise<Outcome> {
    this.#delivered.length = 0;
    this.#ended = Promise.withResolvers();
    using wire = await BareWire.open(this.port, "/echo");
    await wire.write(deeds.sends, deeds.byteByByte ?? false);
    if (deeds.then === "fin") await wire.finish();
    if (deeds.then === "drop") wire[Symbol.dispose]();
    else if (lives) await wire.write([textFrame(MARK)], false);
    const pongs: string[] = [];
    let end: Outcome["wire"] = "dropped";
    for (let frame; (frame = await deadline(wire.read(), PATIENCE_MS)) !== null;) {
      if (frame.opcode === 10) pongs.push(decoder.decode(frame.payload));
      if (frame.opcode === 1 && decoder.decode(frame.payload) === MARK) {
        return { delivered: [...this.#delivered], pongs, wire: null, told: null };
      }
      if (frame.opcode !== 8) continue;
      end = frame.payload.length < 2 ? 1005 : (frame.payload[0] << 8) | frame.payload[1];
      const { answer = encodeFrame({ opcode: 8, payload: frame.payload }) } = deeds;
      if (answer === null) wire[Symbol.dispose]();
      else await wire.write([answer], false);
    }
    const told = await deadline(this.#ended.promise, PATIENCE_MS);
    return { delivered: [...this.#delivered], pongs, wire: end, told };
  }
}

/** A frame as it came. */
interface ReceivedFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** An open WebSocket over TCP that does nothing by itself. */
class BareWire implements Disposable {
  readonly #conn: Deno.TcpConn;
  #bytes = new Uint8Array();

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async open(port: number, path: string): Promise<BareWire> {
    const wire = new BareWire(await Deno.connect({ hostname: "127.0.0.1", port }));
    wire.#conn.setNoDelay(true);
    await wire.write([encoder.encode([...handshake(path), "", ""].join("\r\n"))], false);
    let answer = "";
    while (!answer.endsWith("\r\n\r\n")) {
      const byte = await wire.#take(1);
      if (byte === null) throw new Error(`no upgrade: ${answer}`);
      answer += String.fromCharCode(byte[0]);
    }
    if (!answer.startsWith("HTTP/1.1 101 ")) throw new Error(`no upgrade: ${answer}`);
    return wire;
  }

  /** Writes as far as the server lets it. */
  async write(parts: readonly Uint8Array[], byteByByte: boolean): Promise<void> {
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#conn.write(bytes.subarray(at, byteByByte ? at + 1 : undefined));
      }
    } catch {
      // Dropped meanwhile: reading tells.
    }
  }

  async finish(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** The next frame; `null` when there is none any more. */
  async read(): Promise<ReceivedFrame | null> {
    const header = await this.#take(2);
    if (header === null) return null;
    let length = header[1] & 0x7f;
    if (length > 125) {
      const more = await this.#take(length === 126 ? 2 : 8);
      if (more === null) return null;
      length = more.reduce((sum, byte) => sum * 256 + byte, 0);
    }
    const payload = await this.#take(length);
    return payload && { opcode: header[0] & 0x0f, payload };
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
  }

  async #take(count: number): Promise<Uint8Array | null> {
    while (this.#bytes.length < count) {
      const chunk = new Uint8Array(65_536);
      let read: number | null;
      try {
        read = await this.#conn.read(chunk);
      } catch {
        return null; // reset, or dropped by ourselves
      }
      if (read === null) return null;
      const grown = new Uint8Array(this.#bytes.length + read);
      grown.set(this.#bytes);
      grown.set(chunk.subarray(0, read), this.#bytes.length);
      this.#bytes = grown;
    }
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }
}
