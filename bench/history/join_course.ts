import { close, connect, Poll, receive, send } from "../load/libc.ts";
import { DIGITS, textFrame } from "../load/template.ts";
import { PAD } from "../load/words.ts";
import { cpuSeconds } from "../proc.ts";
import type { JoinsOrder, JoinTask, Round } from "./orders.ts";

/** Sockets of one address: below what the system has ports for, with those that were closed a minute ago. */
const PER_ADDRESS = 10_000;
/** Addresses that take turns. */
const ADDRESSES = 200;
/** How often all that a join brings is read. A prime. */
const SAMPLE = 101;
/** How long to wait for what is under way, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 30_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const buffer = new Uint8Array(1 << 18);
const NOTHING = new Uint8Array(0);

type Message = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

interface Reply {
  readonly status: string;
  readonly response: { readonly troupe?: { epoch: string; offset: number; recovery?: string } };
}

/** A client that joins. */
interface Joining {
  readonly fd: number;
  /** The number of its join, always of the same length. */
  ref: number;
  state: "connecting" | "handshake" | "entering" | "joining";
  /** What this join has brought, where all of it is read. */
  frames: string[] | null;
  rest: Uint8Array<ArrayBuffer>;
}

/** Joins in one way, some at a time. A join is done when the last of what was missed is there; a sample is read. */
export class Joins {
  readonly #task: JoinTask;
  readonly #atOnce: number;
  /** What a join's payload says. */
  readonly #join: object;
  /** What the last publication ends with. */
  readonly #tail: Uint8Array<ArrayBuffer>;
  readonly #poll = new Poll();
  readonly #byFd: Joining[] = [];
  #running = false;
  #underWay = 0;
  #opened = 0;
  #joins = 0;

  private constructor(task: JoinTask, { atOnce, payloadBytes }: JoinsOrder, join: object) {
    this.#task = task;
    this.#atOnce = atOnce;
    this.#join = join;
    const text = task.missed === null ? "" : textOf(task.missed - 1, payloadBytes);
    this.#tail = encoder.encode(`${text}"}`);
  }

  /** Publishes what is missed, first. */
  static async of(task: JoinTask, order: JoinsOrder): Promise<Joins> {
    return new Joins(
      task,
      order,
      task.missed === null ? {} : await publish(task, task.missed, order.payloadBytes),
    );
  }

  /** Joins for `durationMs`, and lets what is under way be done. Tells how fast it went. */
  during(durationMs: number): Round {
    const { serverPid, connects } = this.#task;
    const entered = connects ? [] : this.#enter();
    const begin = { ms: performance.now(), server: cpuSeconds(serverPid), own: cpuSeconds(Deno.pid) };
    this.#joins = 0;
    this.#running = true;
    if (connects) { while (this.#underWay < this.#atOnce) this.#begin(); }
    for (const client of entered) this.#sendJoin(client, this.#join);
    const untilMs = begin.ms + durationMs;
    while (performance.now() < (this.#joins === 0 ? begin.ms + PATIENCE_MS : untilMs)) {
      this.#poll.wait(5, this.#ready);
    }
    const joins = this.#joins;
    const seconds = (performance.now() - begin.ms) / 1_000;
    const server = cpuSeconds(serverPid) - begin.server;
    const own = cpuSeconds(Deno.pid) - begin.own;
    this.#running = false;
    this.#waitWhile(() => this.#underWay > 0);
    if (joins === 0) throw new Error("Nobody has joined");
    return {
      perSecond: joins / seconds,
      serverLoad: server / seconds,
      ownLoad: own / seconds,
    };
  }

  /** Opens clients that are members already. */
  #enter(): Joining[] {
    const clients = Array.from({ length: this.#atOnce }, () => this.#begin());
    this.#waitWhile(() => clients.some(({ state }) => state !== "joining"));
    return clients;
  }

  #waitWhile(condition: () => boolean): void {
    const deadline = performance.now() + PATIENCE_MS;
    while (condition()) {
      if (performance.now() > deadline) throw new Error(`${this.#underWay} joins are not done`);
      this.#poll.wait(5, this.#ready);
    }
  }

  #begin(): Joining {
    const address = 2 + Math.floor(this.#opened++ / PER_ADDRESS) % ADDRESSES;
    const fd = connect(this.#task.port, address);
    const client: Joining = { fd, ref: 1_000_000, state: "connecting", frames: null, rest: NOTHING };
    this.#byFd[fd] = client;
    this.#underWay++;
    this.#poll.add(fd, true);
    return client;
  }

  readonly #ready = (fd: number, readable: boolean, writable: boolean): void => {
    const client = this.#byFd[fd];
    if (writable) {
      const { path, port } = this.#task;
      client.state = "handshake";
      this.#poll.change(fd, false);
      sendAll(
        fd,
        encoder.encode(
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        ),
      );
    }
    if (!readable) return;
    const count = receive(fd, buffer);
    if (count === 0) throw new Error("The server closed a connection");
    if (count > 0) this.#read(client, buffer.subarray(0, count));
  };

  #read(client: Joining, chunk: Uint8Array<ArrayBuffer>): void {
    const bytes = client.rest.length === 0 ? chunk : joined(client.rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    let at = 0;
    if (client.state === "handshake") {
      const text = decoder.decode(bytes);
      at = text.indexOf("\r\n\r\n") + 4;
      if (at < 4) return void (client.rest = bytes.slice());
      if (!text.startsWith("HTTP/1.1 101")) throw new Error(`The server refused a handshake: ${text}`);
      client.state = this.#task.connects ? "joining" : "entering";
      this.#sendJoin(client, this.#task.connects ? this.#join : {});
    }
    let isDone = false;
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1];
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (bytes.length < start) break;
      const length = short < 126 ? short : short === 126 ? view.getUint16(at + 2) : view.getUint32(at + 6);
      if (bytes.length < start + length) break;
      at = start + length;
      if (this.#isLast(client, bytes, start, at)) isDone = true;
      client.frames?.push(decoder.decode(bytes.subarray(start, at)));
    }
    client.rest = at < bytes.length ? bytes.slice(at) : NOTHING;
    if (isDone) this.#done(client);
  }

  /** Whether a frame has the last of what a join brings. */
  #isLast(client: Joining, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#task.missed === null || client.state === "entering") {
      const text = decoder.decode(bytes.subarray(start, end));
      return text.includes(`"${client.ref}","${this.#task.topic}","phx_reply"`);
    }
    let last = end - 1; // behind the payload: an offset, and the ends of the message and the batch
    while (last > start && bytes[last] !== 0x7d) last--;
    const from = last + 1 - this.#tail.length;
    return from > start && this.#tail.every((byte, i) => bytes[from + i] === byte);
  }

  #sendJoin(client: Joining, payload: object): void {
    const ref = String(++client.ref);
    client.frames = client.state === "joining" && this.#joins % SAMPLE === 0 ? [] : null;
    sendAll(client.fd, textFrame(JSON.stringify([ref, ref, this.#task.topic, "phx_join", payload])));
  }

  #done(client: Joining): void {
    if (client.state === "entering") return void (client.state = "joining");
    if (client.frames !== null) this.#check(client.frames);
    this.#joins++;
    if (!this.#task.connects && this.#running) return this.#sendJoin(client, this.#join);
    close(client.fd);
    this.#underWay--;
    if (this.#running) this.#begin();
  }

  /** Everything that was missed is there, once, in order, behind a reply that says so. */
  #check(frames: readonly string[]): void {
    const messages = frames.flatMap(messagesOf);
    const reply = messages.find(([, , , event]) => event === "phx_reply")?.[4] as Reply | undefined;
    const numbers = messages.filter(([, , , event]) => event === "said")
      .map(([, , , , payload]) => Number((payload as { text: string }).text.slice(0, DIGITS)));
    const { missed } = this.#task;
    const recovery = missed === null ? undefined : "recovered";
    const whole = reply?.status === "ok" && reply.response.troupe?.recovery === recovery &&
      numbers.length === (missed ?? 0) && numbers.every((number, i) => number === i);
    if (!whole) throw new Error(`A join brought ${frames.join("\n").slice(0, 2_000)}`);
  }
}

/** Publishes `count` times in the topic; gives the payload of a join that has missed them. */
function publish({ port, path, topic }: JoinTask, count: number, payloadBytes: number): Promise<object> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const send = (event: string, payload: object): void =>
    socket.send(JSON.stringify(["1", "1", topic, event, payload]));
  return new Promise((resolve, reject) => {
    let position: { epoch: string; offset: number } | null = null;
    let left = count;
    socket.onerror = () => reject(new Error(`Cannot publish in ${topic}`));
    socket.onopen = () => send("phx_join", {});
    socket.onmessage = ({ data }) => {
      for (const [, , , event, payload] of messagesOf(data)) {
        if (event === "phx_reply" && position === null) {
          const { epoch, offset } = (payload as Reply).response.troupe!;
          position = { epoch, offset };
          for (let n = 0; n < count; n++) send("say", { text: textOf(n, payloadBytes) });
        } else if (event === "said" && --left === 0) {
          socket.close();
          resolve({ troupe: position });
        }
      }
    };
  });
}

function messagesOf(frame: string): Message[] {
  const value = JSON.parse(frame);
  return Array.isArray(value[0]) ? value : [value];
}

function textOf(number: number, bytes: number): string {
  return String(number).padStart(DIGITS, "0") + PAD.slice(0, bytes - DIGITS);
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** A socket that has just been emptied takes so little at once. */
function sendAll(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  if (send(fd, bytes, bytes.length) !== bytes.length) {
    throw new Error("A socket did not take a short message");
  }
}
