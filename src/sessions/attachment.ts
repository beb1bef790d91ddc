import type { Inbound } from "../protocol/codec.ts";
import { CLOSE_GOING_AWAY } from "../protocol/close_codes.ts";
import type { Connection } from "./connection.ts";
import type { Session, SessionOutput, SessionSink } from "./session.ts";
import { CLAIM_KEY } from "./session_wire.ts";

/** What holds a connection and its session together, until one of them goes. */
export class Attachment implements SessionSink {
  #session: Session;
  #connection: Connection | null = null;
  /** Another connection has taken the session over. */
  #replaced = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The session that the connection is attached to, or was at last. */
  get session(): Session {
    return this.#session;
  }

  /** Whether the connection is open, and let in. */
  get isOpen(): boolean {
    return this.#connection !== null;
  }

  get output(): SessionOutput {
    return this.#connection!.output;
  }

  /** The connection is open: the session speaks to it, or that session which its client claims. */
  open(connection: Connection): void {
    this.#connection = connection;
    const session = this.#session;
    session.attach(this);
    if (!session.canWait) return;
    const secret = connection.info.url.searchParams.get(CLAIM_KEY);
    if (secret !== null) session.claim(secret);
  }

  /** Hands the session a message of the client's. */
  receive(message: Inbound): void {
    if (!this.#replaced) this.#session.receive(message);
  }

  /** Sends a reply that the session has nothing to do with. */
  reply(joinRef: string | null, ref: string | null, topic: string, status: string, response: unknown): void {
    if (!this.#replaced) this.#session.reply(joinRef, ref, topic, status, response);
  }

  overloaded(): void {
    this.#connection!.overloaded();
  }

  moved(to: Session): void {
    this.#session = to;
  }

  replaced(): void {
    this.#replaced = true;
    this.#connection!.close(CLOSE_GOING_AWAY, "replaced: another connection has claimed the session");
  }

  /**
   * The connection has ended. The session waits for its client where it may, unless somebody meant the end: a client that
   * closes is no such somebody, since a page that is reloaded, a phone that is locked and a heartbeat that was not
   * answered in time all look like that. Who wants to go for good leaves the channels.
   */
  closed(): void {
    if (this.#replaced) return;
    const session = this.#session;
    const isEnding = session.ports.isEnding();
    const mayReturn = !isEnding && this.#connection !== null && !this.#connection.endIsMeant;
    if (!(mayReturn && session.suspend())) session.detach({ kind: isEnding ? "shutdown" : "closed" });
  }
}
