import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import { actor, type Behavior, type Context, stop } from "../actors/behavior.ts";
import { offer, requestStop } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { Codec } from "../protocol/codec.ts";
import {
  CLOSE_GOING_AWAY,
  CLOSE_INTERNAL,
  CLOSE_RESTART,
  CLOSE_TOO_BIG,
  CLOSE_TRY_LATER,
  closeReason,
} from "../protocol/close_codes.ts";
import { type Frame, utf8Length, type WireData } from "../protocol/frame.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import { type Idler, type IdleWheel, NO_SLOT } from "./idle_wheel.ts";
import type { Flusher } from "./flusher.ts";
import { Outbox, type OutboxLimits } from "./outbox.ts";
import type { Socket, SocketSink } from "./socket.ts";
import type { User } from "./user.ts";

/** What makes sense of what a connection receives: a channel protocol, or a raw component. */
export interface Interpreter {
  /** The connection is open. May throw: the connection is closed with 1011. */
  opened(connection: Connection): void;
  /** A whole message has arrived, in the I/O callback. May throw: the connection is closed with 1011. */
  received(data: WireData): void;
  /** Handles in the connection's own turn what {@link Connection.enqueue} was given. */
  handle(message: unknown): void | Promise<void>;
  /** The connection has ended. MUST NOT throw. */
  closed(code: number, reason: string): void;
}

/** How a connection is bounded. */
export interface ConnectionLimits {
  /** Bytes of one message from the client. Default: 1 MiB. Beyond: close 1009. */
  readonly maxMessageBytes: number;
  /** What may wait for the client. */
  readonly outbox: OutboxLimits;
}

/** What every connection of a mount shares. */
export interface ConnectionPorts {
  readonly scheduler: Scheduler;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly flusher: Flusher;
  readonly limits: ConnectionLimits;
  /** Closes those that say nothing; `null`: they may be quiet for ever. */
  readonly wheel: IdleWheel<Connection> | null;
  /** The connection is open. */
  opened(connection: Connection): void;
  /** The connection has ended, or will at the end of this turn. Called once. */
  closed(connection: Connection): void;
}

/** What a connection's mailbox holds. */
export type ConnectionMessage = { readonly message: unknown };

/**
 * One transport connection: the edge between I/O and actors. What arrives is checked and handed to the interpreter
 * within the I/O callback, and the actors that it wakes run there too; what leaves goes through the outbox, once per
 * turn. Its actor's crash closes this socket alone.
 */
export class Connection implements SocketSink, Idler {
  readonly info: ConnectionInfo;
  user: User;
  readonly codec: Codec | null;
  lastTick = 0;
  wheelSlot: number = NO_SLOT;
  /** Whether somebody meant the end, so that nothing waits for the client: not where it has closed, or was not heard. */
  endIsMeant = false;
  readonly #ports: ConnectionPorts;
  readonly #interpreter: Interpreter;
  #ref: Ref<ConnectionMessage> | null = null;
  /** What closes it when nothing comes: first the opening, then messages. */
  #wheel: IdleWheel<Connection> | null = null;
  #socket: Socket | null = null;
  #outbox: Outbox | null = null;
  #ended = false;
  /** It is about to be closed. */
  #leaving = false;
  /** What {@link Connection.close} was given; it may come before the socket. */
  #closedWith: number = CLOSE_GOING_AWAY;

  constructor(
    ports: ConnectionPorts,
    info: ConnectionInfo,
    user: User,
    codec: Codec | null,
    interpreter: Interpreter,
  ) {
    this.#ports = ports;
    this.info = info;
    this.user = user;
    this.codec = codec;
    this.#interpreter = interpreter;
  }

  /** Whether it is open. */
  get isOpen(): boolean {
    return this.#outbox !== null && !this.#ended;
  }

  /** Where its output goes, once it is open. */
  get output(): Outbox {
    return this.#outbox!;
  }

  /** How many frames wait for the client. */
  get backlog(): number {
    return this.#outbox?.length ?? 0;
  }

  /** `wheel` closes it if nothing comes in time, instead of the one before. */
  lookedAfterBy(wheel: IdleWheel<Connection> | null): void {
    this.#wheel?.remove(this);
    this.#wheel = wheel;
    wheel?.add(this);
  }

  /** Its actor is `ref`. */
  startedAs(ref: Ref<ConnectionMessage>): void {
    this.#ref = ref;
  }

  // ── The transport's side: called by I/O, never throws ────────────────────────────────────────────────────────────

  opened(socket: Socket): void {
    if (this.#ended) return socket.close(this.#closedWith, "closed while it was opening");
    this.#socket = socket;
    if (this.#leaving) return; // it is closed at the end of this turn: nobody counts it any more
    const { limits, flusher, counters, wheel } = this.#ports;
    this.lookedAfterBy(wheel);
    this.#outbox = new Outbox(socket, this.codec?.join ?? null, limits.outbox, flusher, counters, this);
    counters.add("connections.opened");
    this.#guard(() => {
      this.#ports.opened(this);
      this.#interpreter.opened(this);
    });
    this.#ports.scheduler.drain();
  }

  received(data: WireData): void {
    if (this.#ended || this.#leaving) return;
    const { limits, scheduler } = this.#ports;
    const wheel = this.#wheel;
    const outbox = this.#outbox;
    scheduler.enter();
    outbox?.beginAnswer();
    if (wheel !== null) this.lastTick = wheel.tick;
    if (isLargerThan(data, limits.maxMessageBytes)) {
      this.#ports.counters.add("connections.too_big");
      this.close(CLOSE_TOO_BIG, `a message may have ${limits.maxMessageBytes} bytes`);
    } else {
      try {
        this.#interpreter.received(data);
      } catch (error) {
        this.crash(error);
      }
    }
    scheduler.drain();
    outbox?.endAnswer();
  }

  closed(code: number, reason: string): void {
    this.#end(code, reason);
    this.#ports.scheduler.drain();
  }

  // ── The engine's side ────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void {
    this.#outbox?.write(frame);
  }

  /** Sends the frames of a turn that is shared with other connections. */
  writeTurn(turn: TopicTurn): void {
    this.#outbox?.writeTurn(turn);
  }

  /** Gives the interpreter `message` to handle in the connection's own turn. `false`: its mailbox is full. */
  enqueue(message: unknown): boolean {
    return this.#ref !== null && offer(this.#ref, { message });
  }

  /** Handles one message of its mailbox. */
  handle(message: unknown): void | Promise<void> {
    return this.#interpreter.handle(message);
  }

  /**
   * Closes the connection: flushes what the transport takes, says `code` and `reason` (cut to 123 bytes), and lets go
   * of it. Whether the other side answers makes no difference.
   */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.endIsMeant = true;
    this.#drop(code, reason);
  }

  /** Closes the connection, to which its client may come back. */
  #drop(code: number, reason: string): void {
    if (this.#ended) return;
    this.#closedWith = code;
    this.#outbox?.flush();
    this.#socket?.close(code, closeReason(reason));
    this.#end(code, reason);
  }

  /**
   * Closes the connection at the end of this turn, so that what handlers have published before goes out first. From now
   * on it is no open connection any more, and what it still sends is not heard.
   */
  closeInTurn(code: number, reason: string): void {
    if (this.#ended || this.#leaving) return;
    this.endIsMeant = true;
    this.#leave();
    this.#ports.scheduler.atFlush(() => this.close(code, reason));
  }

  /** Something of this connection failed: it alone is closed, with 1011. */
  crash(error: unknown): void {
    if (this.#ended) return;
    this.#ports.counters.add("connections.crashed");
    this.#ports.logger.log("error", "connection crashed", {
      connection: this.info.id,
      error: messageOf(error),
    });
    this.#drop(CLOSE_INTERNAL, "internal error");
  }

  overflowed(fault: string): void {
    this.#ports.counters.add("connections.slow");
    this.#ports.logger.log("warn", "connection closed: it reads too slowly", {
      connection: this.info.id,
      user: this.user.id,
      waiting: this.backlog,
    });
    this.#outbox?.close(); // what waits is not even tried
    this.#drop(CLOSE_TRY_LATER, `slow consumer: ${fault}`);
  }

  overloaded(): void {
    this.#ports.counters.add("connections.overloaded");
    this.close(CLOSE_TRY_LATER, "overloaded: messages come faster than they are handled");
  }

  idledOut(): void {
    if (this.#outbox === null) {
      this.#ports.counters.add("connections.never_opened");
      return this.close(CLOSE_GOING_AWAY, "it took too long to open");
    }
    this.#ports.counters.add("connections.idle");
    this.#drop(CLOSE_GOING_AWAY, "idle: nothing was heard for too long");
    this.#ports.scheduler.drain();
  }

  /** It is not one of the connections any more. */
  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.lookedAfterBy(null);
    this.#ports.closed(this);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.crash(error);
    }
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outbox?.close();
    this.#socket = null;
    if (this.#outbox !== null) this.#ports.counters.add("connections.closed");
    this.#interpreter.closed(code, reason);
    this.#leave();
    if (this.#ref !== null) requestStop(this.#ref);
  }
}

function isLargerThan(data: WireData, maxBytes: number): boolean {
  if (typeof data !== "string") return data.byteLength > maxBytes;
  if (data.length * 3 <= maxBytes) return false; // no text needs more than three bytes a unit
  return data.length > maxBytes || utf8Length(data) > maxBytes;
}

/** The behaviour of connection actors. */
export function connectionBehavior(mailboxCapacity: number): Behavior<ConnectionMessage, Connection> {
  return actor<ConnectionMessage, Connection, Connection>({
    name: "connection",
    mailbox: { capacity: mailboxCapacity },
    init: (_ctx: Context<ConnectionMessage>, connection) => connection,
    receive(connection, { message }) {
      const pending = connection.handle(message);
      return pending instanceof Promise ? pending.then(() => connection) : connection;
    },
    signal: () => stop,
    stop(connection, reason) {
      if (reason.kind === "crashed") connection.crash(reason.error);
      else connection.close(CLOSE_RESTART, "the server restarts"); // it stops by itself only when all do
    },
  });
}
