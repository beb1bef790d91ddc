import { FrameHead } from "./frame_head.ts";
import { close, connect, Poll, receive, send } from "./libc.ts";
import { pongFrame, textFrame } from "./template.ts";
import type { Wire } from "./wire.ts";

/** Where received bytes begin. What a read left over is put in front, so that a read always goes to the same place. */
const HEAD = 1 << 18;
const buffer = new Uint8Array(HEAD + (1 << 18));
const tail = buffer.subarray(HEAD);
const NOTHING = new Uint8Array(0);
const head = new FrameHead();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sockets of one address: below what the system has ports for. */
const PER_ADDRESS = 10_000;
/** Handshakes under way at a time. */
const MAX_OPENING = 64;

/** A ping in one piece: a server sends it to those that say nothing. */
const PING = 0x89;

/** Where and how to connect. */
export interface Target {
  readonly port: number;
  readonly wire: Pick<Wire, "path" | "hello" | "enter" | "pong" | "greets">;
  /** How much the system takes in for a socket that is not read, in bytes. Default: what it likes. */
  readonly receiveBytes?: number;
}

/** Is given each whole frame: its payload is `bytes` from `start` to `end`. */
export type OnFrame = (connection: Connection, bytes: Uint8Array, start: number, end: number) => void;

/** One WebSocket. */
export class Connection {
  readonly fd: number;
  state: "connecting" | "handshake" | "joining" | "open" = "connecting";
  /** The number that the next message received must have. */
  expected = 0;
  /** The number of the next message to send. */
  next = 0;
  rest: Uint8Array<ArrayBuffer> = NOTHING;
  unsent: Uint8Array<ArrayBuffer> = NOTHING;

  constructor(fd: number) {
    this.fd = fd;
  }
}

/** Many WebSockets to one server. */
export class Connections {
  readonly all: Connection[] = [];
  readonly #target: Target;
  readonly #pong: Uint8Array<ArrayBuffer> | null;
  readonly #poll = new Poll();
  readonly #byFd: Connection[] = [];
  #opening = 0;
  #open = 0;
  #onFrame: OnFrame = () => {};
  /** Called when all frames of one read have been handled. */
  #onRead: (connection: Connection) => void = () => {};

  constructor(target: Target) {
    this.#target = target;
    const { pong } = target.wire;
    this.#pong = pong === null ? null : textFrame(pong);
  }

  /** Opens `count` of them, joined where a join is asked for. */
  open(count: number): void {
    const deadline = performance.now() + 120_000;
    while (this.#open < count) {
      while (this.all.length < count && this.#opening < MAX_OPENING) this.#connect();
      this.wait(100);
      if (performance.now() > deadline) throw new Error(`Only ${this.#open} of ${count} connections opened`);
    }
  }

  /** What to do with frames from now on. */
  handle(onFrame: OnFrame, onRead: (connection: Connection) => void = () => {}): void {
    this.#onFrame = onFrame;
    this.#onRead = onRead;
  }

  /** Handles what is ready, or what becomes ready within `timeoutMs`. */
  wait(timeoutMs: number): void {
    this.#poll.wait(timeoutMs, this.#ready);
  }

  /**
   * Handles what is ready until `performance.now()` is `untilMs`. `each` is called after each look. It never sleeps: to
   * wake somebody is dear, and a server that is ahead of its load would pay for that, and one that is behind would not.
   */
  runUntil(untilMs: number, each: () => void = () => {}): void {
    while (performance.now() < untilMs) {
      this.wait(0);
      each();
    }
  }

  /** Sends the first `length` bytes. */
  send(connection: Connection, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    if (connection.unsent.length > 0) {
      const both = new Uint8Array(connection.unsent.length + length);
      both.set(connection.unsent);
      both.set(bytes.subarray(0, length), connection.unsent.length);
      connection.unsent = both;
      return;
    }
    const sent = Math.max(0, send(connection.fd, bytes, length));
    if (sent === length) return;
    connection.unsent = bytes.slice(sent, length);
    this.#poll.change(connection.fd, true);
  }

  /** Closes all sockets. */
  close(): void {
    for (const { fd } of this.all) close(fd);
  }

  #connect(): void {
    const { port, receiveBytes } = this.#target;
    const fd = connect(port, 2 + Math.floor(this.all.length / PER_ADDRESS), receiveBytes);
    const connection = new Connection(fd);
    this.#byFd[fd] = connection;
    this.all.push(connection);
    this.#opening++;
    this.#poll.add(fd, true);
  }

  readonly #ready = (fd: number, readable: boolean, writable: boolean): void => {
    const connection = this.#byFd[fd];
    if (writable) this.#writable(connection);
    if (readable) this.#readable(connection);
  };

  #writable(connection: Connection): void {
    this.#poll.change(connection.fd, false);
    if (connection.state === "connecting") {
      connection.state = "handshake";
      const { wire: { path }, port } = this.#target;
      this.#sendAll(
        connection,
        encoder.encode(
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        ),
      );
    } else {
      const { unsent } = connection;
      connection.unsent = NOTHING;
      if (unsent.length > 0) this.#sendAll(connection, unsent);
    }
  }

  #sendAll(connection: Connection, bytes: Uint8Array<ArrayBuffer>): void {
    this.send(connection, bytes, bytes.length);
  }

  #readable(connection: Connection): void {
    const count = receive(connection.fd, tail);
    if (count < 0) return;
    if (count === 0) throw new Error("The server closed a connection");
    let start = HEAD - connection.rest.length;
    if (start < HEAD) buffer.set(connection.rest, start);
    const end = HEAD + count;
    if (connection.state === "handshake") start = this.#readHandshake(connection, start, end);
    if (connection.state !== "handshake") start = this.#readFrames(connection, start, end);
    connection.rest = start < end ? buffer.slice(start, end) : NOTHING;
    if (connection.state === "open") this.#onRead(connection);
  }

  #readHandshake(connection: Connection, start: number, end: number): number {
    const text = decoder.decode(buffer.subarray(start, end));
    const length = text.indexOf("\r\n\r\n") + 4;
    if (length < 4) return start;
    if (!text.startsWith("HTTP/1.1 101")) throw new Error(`The server refused a handshake: ${text}`);
    const { hello, greets } = this.#target.wire;
    connection.state = hello === null && !greets ? "open" : "joining";
    if (connection.state === "open") this.#opened();
    else if (hello !== null) this.#sendAll(connection, textFrame(hello));
    return start + length;
  }

  #opened(): void {
    this.#opening--;
    this.#open++;
  }

  /** Returns where the first frame begins that is not whole. */
  #readFrames(connection: Connection, start: number, end: number): number {
    const pong = this.#pong; // of Socket.IO, which has pings of its own
    while (head.read(buffer, start, end)) {
      const { payload } = head;
      const length = head.end - payload;
      if (buffer[start] === PING) {
        this.#sendAll(connection, pongFrame(buffer.subarray(payload, head.end)));
        start = head.end;
        continue;
      }
      if (buffer[start] !== 0x81) throw new Error(`Expected a whole text frame, got ${buffer[start]}`);
      start = head.end;
      if (length === 1 && pong !== null) this.#sendAll(connection, pong);
      else if (connection.state === "open") this.#onFrame(connection, buffer, payload, start);
      else this.#enter(connection, decoder.decode(buffer.subarray(payload, start)));
    }
    return start;
  }

  #enter(connection: Connection, text: string): void {
    const answer = this.#target.wire.enter(text);
    if (answer !== null) return this.#sendAll(connection, textFrame(answer));
    connection.state = "open";
    this.#opened();
  }
}
