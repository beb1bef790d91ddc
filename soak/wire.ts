import { FrameHead } from "../bench/load/frame_head.ts";
import { close, connect, endWriting, Poll, receive, reset, send } from "../bench/load/libc.ts";
import { textFrame } from "../bench/load/template.ts";

/** Where received bytes begin: what a read left over is put in front. */
const HEAD = 1 << 18;
const buffer = new Uint8Array(HEAD + (1 << 17));
const tail = buffer.subarray(HEAD);
const NOTHING = new Uint8Array(0);
const head = new FrameHead();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sockets of one address: below what the system has ports for. */
const PER_ADDRESS = 10_000;
/** What a real network has on its way for one client, about: loopback has megabytes. */
const RECEIVE_BYTES = 4_096, SEGMENT_BYTES = 1_400;
const CLOSE_FRAME = new Uint8Array([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);

/** Whoever a wire belongs to. */
export interface WireOwner {
  /** The handshake is done. */
  opened(): void;
  /** A whole message has come. */
  message(text: string): void;
  /** It is over. `code`: of the server's close frame, or the status with which it refused; 0: it just ended. */
  closed(code: number): void;
}

/** Nobody: for wires that are left to hang. */
export const NOBODY: WireOwner = { opened() {}, message() {}, closed() {} };

/** One WebSocket, which can be treated badly. */
export class Wire {
  readonly fd: number;
  owner: WireOwner;
  /** `connecting` to the port, in the `handshake`, `open`, or `over`. */
  state: "connecting" | "handshake" | "open" | "over" = "connecting";
  rest: Uint8Array<ArrayBuffer> = NOTHING;
  readonly #wires: Wires;
  readonly #request: string;
  #unsent: Uint8Array<ArrayBuffer> = NOTHING;
  /** Whether it is read. */
  isRead = true;

  constructor(wires: Wires, fd: number, request: string, owner: WireOwner) {
    this.#wires = wires;
    this.fd = fd;
    this.#request = request;
    this.owner = owner;
  }

  /** Sends a message. */
  send(text: string): void {
    this.#write(textFrame(text));
  }

  /** Stops, or goes on, reading. */
  read(isRead: boolean): void {
    if (this.isRead === isRead || this.state === "over") return;
    this.isRead = isRead;
    if (isRead) this.#wires.watch(this, this.#unsent.length > 0);
    else this.#wires.ignore(this);
  }

  /** Ends what goes out, without a close frame: the server sees the end of it. */
  endWriting(): void {
    endWriting(this.fd);
  }

  /** Ends it: with a close frame, without one, or by a reset. Its owner is not told. */
  end(how: "close" | "cut" | "reset"): void {
    if (this.state === "over") return;
    if (how === "close") this.#write(CLOSE_FRAME);
    this.owner = NOBODY;
    this.#over(0, how === "reset");
  }

  /** Something can be written, or read: of {@link Wires}. */
  ready(readable: boolean, writable: boolean): void {
    if (writable && this.state === "connecting") {
      this.state = "handshake";
      this.#wires.unwatchWrites(this);
      this.#write(encoder.encode(this.#request));
    } else if (writable) {
      const unsent = this.#unsent;
      this.#unsent = NOTHING;
      this.#wires.unwatchWrites(this);
      if (unsent.length > 0) this.#write(unsent);
    }
    if (readable && this.state !== "over") this.#receive();
  }

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#unsent.length > 0) {
      const both = new Uint8Array(this.#unsent.length + bytes.length);
      both.set(this.#unsent);
      both.set(bytes, this.#unsent.length);
      this.#unsent = both;
      return;
    }
    const sent = Math.max(0, send(this.fd, bytes, bytes.length));
    if (sent === bytes.length) return;
    this.#unsent = bytes.slice(sent);
    if (this.isRead) this.#wires.watchWrites(this);
  }

  #receive(): void {
    const count = receive(this.fd, tail);
    if (count < 0) return; // an error is followed by the end
    if (count === 0) return this.#over(0, false);
    let start = HEAD - this.rest.length;
    if (start < HEAD) buffer.set(this.rest, start);
    const end = HEAD + count;
    if (this.state === "handshake") start = this.#readHandshake(start, end);
    if (this.state === "open") start = this.#readFrames(start, end);
    this.rest = start < end ? buffer.slice(start, end) : NOTHING;
  }

  #readHandshake(start: number, end: number): number {
    const text = decoder.decode(buffer.subarray(start, end));
    const length = text.indexOf("\r\n\r\n") + 4;
    if (length < 4) return start;
    if (!text.startsWith("HTTP/1.1 101")) {
      this.#over(Number(text.slice(9, 12)), false);
      return end;
    }
    this.state = "open";
    this.owner.opened();
    return start + length;
  }

  /** Returns where the first frame begins that is not whole. */
  #readFrames(start: number, end: number): number {
    while (this.state === "open" && head.read(buffer, start, end)) {
      const { payload } = head;
      const length = head.end - payload;
      const kind = buffer[start];
      start = head.end;
      if (kind === 0x81) this.owner.message(decoder.decode(buffer.subarray(payload, start)));
      else if (kind === 0x88) {
        this.#over(length < 2 ? 1005 : buffer[payload] << 8 | buffer[payload + 1], false);
      }
    }
    return start;
  }

  #over(code: number, isReset: boolean): void {
    if (this.state === "over") return;
    this.state = "over";
    this.#wires.forget(this);
    if (isReset) reset(this.fd);
    else close(this.fd);
    this.owner.closed(code);
  }
}

/** Many WebSockets to one server. */
export class Wires {
  readonly #port: number;
  readonly #poll = new Poll();
  readonly #byFd: (Wire | undefined)[] = [];
  #made = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** Begins to connect to `path`. `isNarrow`: so that the server notices soon when it is not read. */
  connect(path: string, isNarrow: boolean, owner: WireOwner): Wire {
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\nUpgrade: websocket\r\n` +
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    return this.#connect(request, isNarrow, owner);
  }

  /** One that begins to say what it wants, and never goes on. */
  connectMute(): Wire {
    return this.#connect("GET /socket/websocket HTTP/1.1\r\nHost:", false, NOBODY);
  }

  #connect(request: string, isNarrow: boolean, owner: WireOwner): Wire {
    const from = 2 + Math.floor(this.#made++ / PER_ADDRESS) % 200;
    const fd = isNarrow ? connect(this.#port, from, RECEIVE_BYTES, SEGMENT_BYTES) : connect(this.#port, from);
    const wire = new Wire(this, fd, request, owner);
    this.#byFd[fd] = wire;
    this.#poll.add(fd, true);
    return wire;
  }

  /** Handles what is ready, or what becomes ready within `timeoutMs`. */
  wait(timeoutMs: number): void {
    this.#poll.wait(timeoutMs, this.#ready);
  }

  watch({ fd }: Wire, writable: boolean): void {
    this.#poll.add(fd, writable);
  }

  ignore({ fd }: Wire): void {
    this.#poll.remove(fd);
  }

  watchWrites({ fd }: Wire): void {
    this.#poll.change(fd, true);
  }

  unwatchWrites({ fd }: Wire): void {
    this.#poll.change(fd, false);
  }

  forget({ fd }: Wire): void {
    this.#byFd[fd] = undefined; // the system stops watching what is closed
  }

  readonly #ready = (fd: number, readable: boolean, writable: boolean): void => {
    this.#byFd[fd]?.ready(readable, writable);
  };
}
