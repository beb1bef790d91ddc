import type { Random } from "../src/base/random.ts";
import { Follower, type Missed, type Standing } from "./follower.ts";
import type { Ledger } from "./ledger.ts";
import { Listener } from "./listener.ts";
import { type Place, SESSION_PATH } from "./plan.ts";
import { Publisher } from "./publisher.ts";
import type { Tally } from "./tally.ts";
import { NOBODY, type Wire, type WireOwner, type Wires } from "./wire.ts";

/** What all members share. */
export interface World {
  readonly wires: Wires;
  readonly random: Random;
  readonly tally: Tally;
  /** Wires that nobody reads any more, and when they end. */
  readonly hanging: { readonly wire: Wire; readonly untilMs: number }[];
  /** How many are about to connect. */
  opening: number;
  /** Whether so many are away that nobody else goes: a machine that is busy with other things would never catch up. */
  isCrowded: boolean;
  /** Faults are over: everybody comes back, and reads. */
  isQuiet: boolean;
}

/** A message of version 2.1.0. */
type Message = [string | null, string | null, string, string, Payload, number?];
interface Payload {
  readonly status?: string;
  readonly response?: { readonly troupe?: Standing & Session; readonly reason?: string };
  readonly id?: string;
  readonly life?: string;
  readonly n?: number;
  readonly reconnectAfterMs?: number;
}
interface Session {
  readonly session?: string;
  readonly resumed?: boolean;
}

/** How a connection ends that a client ends. */
const ENDINGS = ["close", "cut", "reset", "half", "hang"] as const;
/** Handshakes under way at a time. */
const MAX_OPENING = 64;
/** A connection that is not made by then is given up: generous. */
const OPEN_PATIENCE_MS = 30_000;
/** How often a connection ends, on average; how often a slow reader stops to read, and for how long: in milliseconds. */
const CHURN_MS = 60_000, STALL_EVERY_MS = 10_000, STALL_MS = 15_000;
const HEARTBEAT_MS = 4_000;
/** The longest that a connection hangs: longer than the server waits for a word. */
const HANG_MS = 60_000;
/** Of so many members of a kind with large messages one reads slowly. */
const SLOW_IN = 4;
/** Closes that are a fault, whoever gets them. */
const NEVER: ReadonlySet<number> = new Set([1002, 1007, 1008, 1009, 1011]);

/** One client: it connects, joins, listens, comes back; some publish, some read slowly. */
export class Member implements WireOwner {
  readonly follower: Follower;
  readonly listener: Listener;
  readonly publisher: Publisher | null;
  readonly #world: World;
  readonly #place: Place;
  readonly #path: string;
  readonly #isSlow: boolean;
  #wire: Wire | null = null;
  #isOpening = false;
  /** How many of its two topics it is in. */
  #joined = 0;
  #ref = 0;
  #session: string | null = null;
  #sinceMs = 0;
  #connectMs = 0;
  #churnMs: number;
  #stallMs: number;
  #beatMs = 0;
  #comeBackMs: number | null = null;
  #nowMs = 0;

  constructor(world: World, place: Place, index: number, ledger: Ledger) {
    const { random, tally } = world;
    const { kind, topic, hall, publishes } = place;
    const name = `c${index}`;
    this.#world = world;
    this.#place = place;
    this.#isSlow = kind.payloadBytes > 1_000 && !publishes && random.integer(SLOW_IN) === 0;
    this.follower = new Follower(name, ledger, kind.name !== "room", tally.fault);
    this.listener = new Listener(`${name} in ${hall}`, tally.fault);
    this.#path = `${publishes ? SESSION_PATH : "/socket"}/websocket?vsn=2.1.0&user=${name}`;
    this.#churnMs = this.#later(CHURN_MS);
    this.#stallMs = this.#isSlow ? this.#later(STALL_EVERY_MS) : Infinity;
    this.publisher = !publishes ? null : new Publisher({
      ...{ name, ledger, tally, random, payloadBytes: kind.payloadBytes, everyMs: kind.everyMs },
      send: (event, payload) => this.#send(topic, event, payload),
      told: () => this.follower.told,
      cut: () => this.#end("cut"),
    });
  }

  /** Whether it is in both of its topics. */
  get isIn(): boolean {
    return this.#joined === 2;
  }

  /** Does what is due. */
  act(nowMs: number): void {
    this.#nowMs = nowMs;
    const { isQuiet, isCrowded } = this.#world;
    if (this.#wire === null) {
      if (nowMs >= this.#connectMs && this.#world.opening < MAX_OPENING) this.#connect();
      return;
    }
    if (this.#wire.state === "open" && nowMs >= this.#beatMs) this.#beat();
    if (!this.isIn) {
      if (nowMs - this.#sinceMs > OPEN_PATIENCE_MS) {
        this.#world.tally.add("connections given up");
        this.#end("cut");
      }
      return;
    }
    this.publisher?.act(nowMs, isQuiet);
    if (this.#isSlow && (nowMs >= this.#stallMs || isQuiet)) this.#stall(isQuiet);
    if (!isQuiet && !isCrowded && nowMs >= this.#churnMs) {
      this.#churnMs = this.#later(CHURN_MS);
      const how = ENDINGS[this.#world.random.integer(ENDINGS.length)];
      this.#world.tally.add(`ended by ${how}`);
      this.#end(how);
    }
  }

  /** Goes for good. */
  leave(): void {
    this.#connectMs = Infinity;
    this.#end(this.#world.random.integer(2) === 0 ? "close" : "cut");
    this.#connectMs = Infinity;
  }

  opened(): void {
    const { topic, hall } = this.#place;
    const position = this.follower.position;
    this.#ref = 0;
    this.#beatMs = this.#later(HEARTBEAT_MS / 2);
    this.#send(topic, "phx_join", {
      ...(position !== null && { troupe: position }),
      ...(this.#session !== null && { "troupe:session": this.#session }),
    });
    this.#send(hall, "phx_join", {});
  }

  message(text: string): void {
    const message = JSON.parse(text) as Message | Message[];
    if (Array.isArray(message[0])) { for (const each of message as Message[]) this.#take(each); }
    else this.#take(message as Message);
  }

  closed(code: number): void {
    this.#world.tally.add(code === 0 ? "connections that just ended" : `closed with ${code}`);
    if (NEVER.has(code)) this.#world.tally.fault(`${this.#path} was closed with ${code}`);
    this.#gone(this.#comeBackMs ?? 50 + this.#world.random.float() * 1_500);
  }

  #take([joinRef, ref, topic, event, payload, offset]: Message): void {
    if (this.#wire === null) return; // it has gone within this batch
    const { tally } = this.#world;
    if (event === "phx_reply") {
      if (topic === "phoenix") return;
      if (ref === "1" || ref === "2") return this.#answered(ref, topic, payload);
      const { status = "", response } = payload;
      this.publisher?.answered(ref!, status, response?.reason ?? "", this.#nowMs);
    } else if (event === "said") this.follower.hear(offset, payload.id!);
    else if (event === "rung") this.listener.hear(payload.life!, payload.n!);
    else if (event === "troupe:missed") {
      tally.add("notices of what was missed");
      if (topic === this.#place.topic) this.follower.missed(payload as unknown as Missed);
      else this.listener.missed((payload as unknown as Missed).count);
    } else if (event === "troupe:going-away") this.#comeBackMs = payload.reconnectAfterMs!;
    else tally.fault(`${this.#path} hears ${JSON.stringify([joinRef, ref, topic, event, payload])}`);
  }

  #answered(ref: string, topic: string, { status, response }: Payload): void {
    const { tally } = this.#world;
    if (status !== "ok") {
      tally.add(`joins refused: ${response?.reason}`);
      return this.#end("close");
    }
    this.#joined++;
    if (this.isIn) this.#opened();
    if (ref === "2") return this.listener.joined();
    const standing = response?.troupe;
    if (standing === undefined) {
      return tally.fault(`the answer to a join of ${topic} does not say where it is`);
    }
    this.#session = standing.session ?? null;
    this.follower.joined(standing);
    this.publisher?.joined(standing.resumed === true, this.#nowMs);
  }

  #connect(): void {
    this.#world.opening++;
    this.#isOpening = true;
    this.#sinceMs = this.#nowMs;
    this.#comeBackMs = null;
    this.#wire = this.#world.wires.connect(this.#path, this.#isSlow, this);
  }

  #opened(): void {
    if (this.#isOpening) this.#world.opening--;
    this.#isOpening = false;
  }

  #send(topic: string, event: string, payload: unknown): string {
    const ref = String(++this.#ref);
    const joinRef = topic === "phoenix" ? null : topic === this.#place.topic ? "1" : "2";
    this.#wire?.send(JSON.stringify([joinRef, ref, topic, event, payload]));
    return ref;
  }

  #beat(): void {
    this.#beatMs = this.#nowMs + HEARTBEAT_MS;
    this.#send("phoenix", "heartbeat", {});
  }

  /** Stops to read, or goes on. */
  #stall(isQuiet: boolean): void {
    const wasRead = this.#wire!.isRead;
    this.#wire!.read(!wasRead || isQuiet);
    this.#stallMs = this.#later(wasRead ? STALL_MS : STALL_EVERY_MS);
    if (wasRead && !isQuiet) this.#world.tally.add("stalls");
  }

  #end(how: typeof ENDINGS[number]): void {
    const wire = this.#wire;
    if (wire === null) return;
    const { random, hanging } = this.#world;
    if (how === "half" || how === "hang") {
      wire.owner = NOBODY;
      if (how === "half") wire.endWriting();
      else wire.read(false);
      hanging.push({ wire, untilMs: this.#nowMs + random.float() * HANG_MS });
    } else wire.end(how);
    this.#gone(random.float() ** 3 * 6_000);
  }

  #gone(forMs: number): void {
    this.#opened();
    this.#wire = null;
    this.#joined = 0;
    this.#connectMs = this.#nowMs + forMs;
    this.publisher?.left();
  }

  #later(onAverageMs: number): number {
    return this.#nowMs + onAverageMs * 2 * this.#world.random.float();
  }
}
