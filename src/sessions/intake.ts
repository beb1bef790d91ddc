import { CLOSE_INTERNAL, isSendableCloseCode } from "../protocol/close_codes.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionHooks, HookedMessage, MessageVerdict, OpenVerdict } from "./hooks.ts";
import type { InboundPorts } from "./inbound_meter.ts";
import type { OpenWork } from "./open_work.ts";

/** What all connections of a mount are taken in by. */
export interface IntakePorts {
  readonly inbound: InboundPorts;
  readonly hooks: ConnectionHooks;
  readonly scheduler: Scheduler;
  /** What a shutdown waits for. */
  readonly work: OpenWork;
  /** Messages that one connection may send while a hook of its own is pending; beyond, it is overloaded. */
  readonly maxWaiting: number;
}

/** What takes the messages that the hooks let through. */
export interface IntakeTarget {
  /** Handles one. */
  deliver(message: HookedMessage): void;
  /** Answers one for a hook. */
  answer(message: HookedMessage, status: "ok" | "error", response: unknown): void;
}

/**
 * Takes one connection's messages through the hooks, in their order: while a hook's promise is pending, what comes next
 * waits, up to a bound.
 */
export class Intake {
  readonly #ports: IntakePorts;
  readonly #target: IntakeTarget;
  #connection: Connection | null = null;
  /** What waits for a promise, if one is pending. */
  #waiting: HookedMessage[] | null = null;

  /** Nothing has come yet. */
  constructor(ports: IntakePorts, target: IntakeTarget) {
    this.#ports = ports;
    this.#target = target;
  }

  /** The connection is open: asks the hooks, then calls `next`, unless one of them ends it. */
  open(connection: Connection, next: () => void): void {
    this.#connection = connection;
    const verdict = this.#ports.hooks.open(connection);
    if (!(verdict instanceof Promise)) return this.#opened(verdict, next);
    this.#waiting = [];
    void this.#ports.work.track(verdict.then((settled) => {
      this.#proceed(() => this.#opened(settled, next));
    }));
  }

  /** Whether messages have to go through {@link Intake.take}: else they may be handled at once. */
  get isNeeded(): boolean {
    return this.#waiting !== null || this.#ports.hooks.readsMessages;
  }

  /** Takes a message in. */
  take(message: HookedMessage): void {
    if (this.#waiting === null) return this.#ask(message);
    if (this.#waiting.length >= this.#ports.maxWaiting) return this.#connection!.overloaded();
    this.#waiting.push(message);
  }

  /** The connection has ended: what waits is dropped, and the hooks hear of it. */
  close(code: number, reason: string): void {
    const connection = this.#connection;
    if (connection === null) return;
    const pending = this.#ports.hooks.close(connection, code, reason);
    if (pending instanceof Promise) void this.#ports.work.track(pending);
  }

  #opened(verdict: OpenVerdict, next: () => void): void {
    if (verdict) this.#close(verdict);
    else next();
  }

  #ask(message: HookedMessage): void {
    if (isHeartbeat(message)) return this.#target.deliver(message);
    const verdict = this.#ports.hooks.message(this.#connection!, message);
    if (!(verdict instanceof Promise)) return this.#apply(message, verdict);
    this.#waiting = [];
    void this.#ports.work.track(verdict.then((settled) => {
      this.#proceed(() => this.#apply(message, settled));
    }));
  }

  #apply(message: HookedMessage, verdict: MessageVerdict): void {
    if (!verdict) this.#target.deliver(message);
    else if (verdict.action === "close") this.#close(verdict);
    else if (verdict.action === "reply") {
      this.#target.answer(message, verdict.status ?? "error", verdict.response);
    }
  }

  #close({ code, reason }: { readonly code: number; readonly reason: string }): void {
    this.#connection!.close(isSendableCloseCode(code) ? code : CLOSE_INTERNAL, reason);
  }

  /** A promise has settled: does what it held up, and takes in what has come meanwhile. */
  #proceed(first: () => void): void {
    const waiting = this.#waiting!;
    const connection = this.#connection!;
    this.#waiting = null;
    try {
      if (connection.isOpen) first();
      for (let i = 0; i < waiting.length && connection.isOpen; i++) {
        this.#ask(waiting[i]);
        if (this.#waiting === null) continue;
        this.#waiting = waiting.slice(i + 1); // until this one's promise has settled
        break;
      }
    } catch (error) {
      connection.crash(error);
    }
    this.#ports.scheduler.drain();
  }
}

/** No hook sees it; but its answer keeps its place. */
function isHeartbeat({ topic, event }: HookedMessage): boolean {
  return topic === "phoenix" && event === "heartbeat";
}
