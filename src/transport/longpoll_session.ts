import type { Clock, TimerId } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import { CLOSE_ABNORMAL, type Closed } from "../protocol/close_codes.ts";
import type { WireData } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket, SocketSink } from "../sessions/socket.ts";
import { answer, type AnswerBody, LaterAnswer } from "./longpoll_answers.ts";
import type { BodyReader } from "./longpoll_body.ts";

/** What every session of a mount shares. */
export interface SessionPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  /** How long a GET waits for messages, in milliseconds. */
  readonly windowMs: number;
  /** The session is over: its token is worth nothing any more. */
  over(session: LongpollSession): void;
}

/** How many windows a session lives without a GET, as in Phoenix. */
const WINDOWS_WITHOUT_GET = 1.5;

/** How many POSTs of one session may be under way. phoenix.js sends one after another. */
const MAX_POSTS = 8;

/**
 * One long-poll session: what several requests have in common, and to its connection the socket. What it is handed
 * waits here until a GET fetches it, all at once; `bufferedBytes` says how much that is, so that the outbox keeps the
 * rest and its limits decide. A message is handed out once: the protocol has no acknowledgement.
 */
export class LongpollSession implements Socket {
  readonly id: string;
  /** One GET takes all that there is. */
  readonly coalesces = true;
  readonly #ports: SessionPorts;
  readonly #token: () => string;
  #sink: SocketSink | null = null;
  #closed: Closed | null = null;
  #messages: string[] = [];
  #bytes = 0;
  /** The GET that waits. */
  #waiting: LaterAnswer | null = null;
  /** The end of the GET that waits, or of the session if none does. */
  #timer: TimerId | null = null;
  #reader: BodyReader | null = null;
  #posts = 0;
  #lastPost: Promise<unknown> = Promise.resolve();

  /** `token`: the session's token as it is now. */
  constructor(ports: SessionPorts, id: string, token: () => string) {
    this.#ports = ports;
    this.id = id;
    this.#token = token;
  }

  /** Begins. */
  open(sink: SocketSink): void {
    this.#sink = sink;
    this.#rest();
    sink.opened(this);
  }

  /** What names the session in requests: it goes out with every answer, since it changes when its end moves. */
  get token(): string {
    return this.#token();
  }

  /** How the server has closed it; `null` while it is open. What was handed over before can still be fetched. */
  get closed(): Closed | null {
    return this.#closed;
  }

  // ── The engine's side ────────────────────────────────────────────────────────────────────────────────────────────

  get bufferedBytes(): number {
    return this.#bytes;
  }

  send(turn: Turn): void {
    if (this.#closed !== null) return;
    for (const frame of turn.frames) {
      // A codec of somebody else's may send bytes all the same: they go as the client's own would come.
      this.#messages.push(typeof frame.data === "string" ? frame.data : frame.data.toBase64());
      this.#bytes += frame.byteLength;
    }
    if (this.#waiting !== null) this.#answerWaiting(this.#take());
  }

  close(code: number, reason: string): void {
    if (this.#closed !== null) return;
    this.#end({ code, reason });
    if (this.#waiting !== null) this.#answerWaiting({ messages: [], ...this.gone });
    if (this.#messages.length === 0) this.end();
  }

  // ── The client's side ────────────────────────────────────────────────────────────────────────────────────────────

  /** A GET: answered at once if messages wait, else as soon as there are some, at the latest after the window. */
  poll(): Response {
    this.#releaseWaiting();
    if (this.#messages.length > 0) {
      const body = this.#take();
      if (this.#closed === null) this.#rest();
      else this.end();
      return answer(body);
    }
    const waiting = new LaterAnswer(() => this.#abandoned(waiting));
    this.#waiting = waiting;
    this.#setTimer(() => this.#answerWaiting(this.#nothing), this.#ports.windowMs);
    return waiting.response;
  }

  /**
   * Does `work` behind the POSTs that came before. `null`: too many are under way. `work` MUST NOT reject.
   */
  inTurn(work: () => Promise<Response>): Promise<Response> | null {
    if (this.#posts >= MAX_POSTS) return null;
    this.#posts++;
    const done = this.#lastPost.then(work).finally(() => this.#posts--);
    this.#lastPost = done;
    return done;
  }

  /** A body is read by `reader`: it is given up when the session ends. `null`: it has been read. */
  reading(reader: BodyReader | null): void {
    this.#reader = reader;
  }

  /** Hands over what the client has said, in order, until one message closes the session. */
  receive(messages: readonly WireData[]): void {
    for (const message of messages) this.#sink?.received(message);
  }

  /** The client has gone: ends the session, whoever waits. */
  lose(): void {
    const sink = this.#sink;
    this.#end({ code: CLOSE_ABNORMAL, reason: "" });
    if (this.#waiting !== null) this.#answerWaiting({ messages: [], ...this.gone });
    this.end();
    sink?.closed(CLOSE_ABNORMAL, "");
  }

  /** Forgets everything: whatever could still be fetched is lost. */
  end(): void {
    this.#clearTimer();
    this.#messages = [];
    this.#bytes = 0;
    this.#ports.over(this);
  }

  /** What a client is told whose session is closed. It needs a new one. */
  get gone(): AnswerBody {
    const closed = this.#closed;
    return { status: 410, ...(closed !== null && closed.code !== CLOSE_ABNORMAL && closed) };
  }

  get #nothing(): AnswerBody {
    return { messages: [], status: 204, token: this.token };
  }

  #take(): AnswerBody {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return { messages, status: 200, token: this.token };
  }

  #answerWaiting(body: AnswerBody): void {
    const waiting = this.#waiting!;
    this.#waiting = null;
    this.#rest();
    waiting.give(body);
  }

  /** Another GET takes the place of the one that waits: nothing came for that one. */
  #releaseWaiting(): void {
    if (this.#waiting === null) return;
    this.#ports.counters.add("longpoll.polls_replaced");
    this.#answerWaiting(this.#closed === null ? this.#nothing : { messages: [], ...this.gone });
  }

  /** The client has gone away from a GET: what comes now waits for its next one. */
  #abandoned(poll: LaterAnswer): void {
    if (this.#waiting !== poll) return;
    this.#ports.counters.add("longpoll.polls_abandoned");
    this.#waiting = null;
    this.#rest();
  }

  /** No GET waits: the session lives on for a while. */
  #rest(): void {
    this.#setTimer(() => {
      this.#ports.counters.add("longpoll.expired");
      this.lose();
    }, this.#ports.windowMs * WINDOWS_WITHOUT_GET);
  }

  #end(closed: Closed): void {
    this.#closed ??= closed;
    this.#sink = null;
    this.#reader?.stop("broken");
  }

  #setTimer(callback: () => void, delayMs: number): void {
    this.#clearTimer();
    this.#timer = this.#ports.clock.setTimer(callback, delayMs);
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#ports.clock.clearTimer(this.#timer);
    this.#timer = null;
  }
}
