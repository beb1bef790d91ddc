import type { Random } from "../src/base/random.ts";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";

/** What a message is on its way with. */
interface Pending {
  readonly id: string;
  /** How much the publisher had been told to have missed when it sent it for the first time. */
  readonly told: number;
  sentMs: number;
  /** Its answer said that it had no effect: it is sent again. */
  isRefused: boolean;
}

/** What a publisher needs. */
export interface PublisherPorts {
  readonly name: string;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly random: Random;
  readonly payloadBytes: number;
  /** Between two messages, in milliseconds, on average. */
  readonly everyMs: number;
  /** Sends an event to the topic; gives the message's ref. */
  send(event: string, payload: unknown): string;
  /** How much it was told to have missed. */
  told(): number;
  /** It gives the connection up. */
  cut(): void;
}

/** The most messages that are on their way. */
const MAX_PENDING = 4;
/** Of so many messages one is sent twice. */
const TWICE_IN = 10;
/** When what was refused is sent again, in milliseconds. */
const REFUSED_MS = 500;
/** How long an answer may take before the publisher comes back over another connection: generous. */
const PATIENCE_MS = 30_000;

/**
 * Publishes under ids. It repeats what is not answered when it is back: at once where the server still has its session,
 * which knows what has taken effect; else (the server is another one, or the session has expired) only after it has
 * looked which of it is in the topic's history.
 */
export class Publisher {
  readonly #ports: PublisherPorts;
  readonly #pending = new Map<string, Pending>();
  #byRef = new Map<string, Pending>();
  #nextMs = 0;
  #made = 0;
  #lookRef: string | null = null;
  /** Something on its way was sent in another session than this one, and it has not looked since. */
  #mustLook = false;
  #isAway = true;

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
  }

  /** Whether something is not answered. */
  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  /** It is no member for now. */
  left(): void {
    this.#isAway = true;
    this.#lookRef = null;
    this.#byRef = new Map();
  }

  /** It is a member. `isResumed`: in the session that it had before. */
  joined(isResumed: boolean, nowMs: number): void {
    this.#isAway = false;
    this.#ports.tally.add(isResumed ? "sessions resumed" : "sessions new");
    if (!isResumed) this.#mustLook = true;
    if (!this.#mustLook) this.#repeat("in its session", nowMs);
    else if (this.isBusy) this.#lookRef = this.#ports.send("look", {});
    else this.#mustLook = false;
  }

  /** A message was answered. */
  answered(ref: string, status: string, reason: string, nowMs: number): void {
    const { ledger, tally, told } = this.#ports;
    if (ref === this.#lookRef) {
      this.#lookRef = null;
      this.#mustLook = false;
      for (const pending of [...this.#pending.values()]) {
        if (ledger.has(pending.id)) this.#pending.delete(pending.id);
        else if (told() > pending.told) ledger.mayRepeat(pending.id);
      }
      return this.#repeat("after a look", nowMs);
    }
    const pending = this.#byRef.get(ref);
    if (pending === undefined || !this.#pending.has(pending.id)) return;
    if (status === "ok") {
      ledger.acknowledge(pending.id);
      this.#pending.delete(pending.id);
      return;
    }
    tally.add(`pushes refused: ${reason}`);
    pending.isRefused = true;
  }

  /** Does what is due. `isQuiet`: nothing new. */
  act(nowMs: number, isQuiet: boolean): void {
    const { random, everyMs, name, tally, ledger, told } = this.#ports;
    if (this.#isAway || this.#lookRef !== null) return;
    for (const pending of this.#pending.values()) {
      if (pending.isRefused && nowMs - pending.sentMs > REFUSED_MS) {
        ledger.repeats(pending.id, "sent again after it was refused");
        this.#send(pending, nowMs);
      } else if (nowMs - pending.sentMs > PATIENCE_MS) {
        tally.add("answers given up");
        const effect = ledger.has(pending.id) ? "has taken effect" : "has not been heard";
        tally.note(`${pending.id} is not answered, and ${effect}: ${ledger.courseOf(pending.id)}`);
        return this.#ports.cut();
      }
    }
    if (isQuiet || nowMs < this.#nextMs || this.#pending.size >= MAX_PENDING) return;
    this.#nextMs = nowMs + everyMs * (0.5 + random.float());
    const pending = { id: `${name}-${++this.#made}`, told: told(), sentMs: nowMs, isRefused: false };
    this.#pending.set(pending.id, pending);
    tally.add("published");
    this.#send(pending, nowMs);
    if (random.integer(TWICE_IN) > 0) return;
    tally.add("sent twice");
    ledger.repeats(pending.id, "sent twice");
    this.#send(pending, nowMs);
  }

  #repeat(how: string, nowMs: number): void {
    const { tally, ledger } = this.#ports;
    for (const pending of this.#pending.values()) {
      tally.add(`repeated ${how}`);
      ledger.repeats(pending.id, `repeated ${how} ${Math.round(nowMs - pending.sentMs)} ms later`);
      this.#send(pending, nowMs);
    }
  }

  #send(pending: Pending, nowMs: number): void {
    const { payloadBytes, send } = this.#ports;
    pending.sentMs = nowMs;
    pending.isRefused = false;
    const payload = { id: pending.id, pad: "x".repeat(payloadBytes), "troupe:id": pending.id };
    this.#byRef.set(send("say", payload), pending);
    if (this.#byRef.size > 64) this.#byRef.delete(this.#byRef.keys().next().value!);
  }
}
