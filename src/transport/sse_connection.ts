import type { TimerId } from "../base/clock.ts";
import { CLOSE_ABNORMAL, CLOSE_NORMAL, CLOSE_TRY_LATER } from "../protocol/close_codes.ts";
import type { Frame } from "../protocol/frame.ts";
import { closeEvent, sseComment, SseEnd, sseEvent, sseMessage, SseReply } from "../protocol/sse.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket, SocketSink } from "../sessions/socket.ts";
import { joinRefusalBody, joinRefusalStatus, refusedEvent } from "./sse_answers.ts";
import { sseBeginning } from "./sse_beginning.ts";
import type { Beating, KeepAlive } from "./sse_keep_alive.ts";
import { type EventBytes, SseStream } from "./sse_stream.ts";
import type { TransportPorts } from "./transport.ts";

/** How the connections of a mount behave. See `SseOptions`. */
export interface SseBounds {
  readonly keepAliveMs: number;
  readonly retryMs: number;
  readonly joinTimeoutMs: number;
  readonly replyTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly lingerMs: number;
  readonly stalledMs: number;
  readonly maxWaitingRequests: number;
}

/** What the connections of a mount share. */
export interface SsePorts {
  readonly transport: TransportPorts;
  readonly bounds: SseBounds;
  readonly keepAlive: KeepAlive;
  /** The connection has ended. */
  ended(connection: SseConnection): void;
}

/** What a client wants of a stream. */
export interface SseWish {
  readonly topic: string;
  /** The payload of the join, as JSON. */
  readonly payload: string;
  /** The `Last-Event-ID` that it came with; `null` for none. */
  readonly lastEventId: string | null;
}

/** How a join came out, for the HTTP answer: a stream, or a refusal. */
export type SseJoin =
  | { readonly kind: "stream"; readonly body: ReadableStream<EventBytes> }
  | { readonly kind: "refused"; readonly response: unknown }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

/** How a message came out: its reply, or none. */
export type SseOutcome = SseReply | "late" | "full" | { readonly code: number; readonly reason: string };

/** The ref of the join; those of messages count on from it. */
const JOIN_REF = "0";

const KEEP_ALIVE = sseComment("keep-alive");

/** Says of a turn that its frames go to different places. */
const MIXED = false;

/** One stream of one topic: the socket of a connection, whose client speaks in requests of its own. */
export class SseConnection implements Socket, Beating {
  /** The frames of a turn are joined once, for all streams. */
  readonly coalesces = true;
  /** Names the connection to whoever holds its token. */
  readonly id: string;
  readonly #ports: SsePorts;
  readonly #wish: SseWish;
  readonly #stream: SseStream;
  #sink: SocketSink | null = null;
  /** Takes the answer to the request for the stream; `null` when that is given. */
  #answer: ((join: SseJoin) => void) | null = null;
  #joinTimer: TimerId | null = null;
  readonly #waiting = new Map<string, (outcome: SseOutcome) => void>();
  #lastRef = 0;
  /** How many messages are on their way in. */
  #arriving = 0;
  /** Tells those that read such a message of the end. */
  #over: AbortController | null = null;
  #joined = false;
  /** The request for the stream is answered with the stream. */
  #streaming = false;
  readonly #retryMs: number;
  /** How it has ended; `null` while it lives. */
  #ended: { readonly code: number; readonly reason: string } | null = null;
  #takenBefore = 0;
  #stalledMs = 0;

  constructor(id: string, ports: SsePorts, wish: SseWish) {
    this.id = id;
    this.#ports = ports;
    this.#wish = wish;
    this.#stream = new SseStream(ports.transport.clock, () => this.#gone());
    this.#retryMs = drawRetryMs(ports);
  }

  /** The topic of the stream. */
  get topic(): string {
    return this.#wish.topic;
  }

  /** Opens the connection and joins. Resolves with the answer to the request, after `joinTimeoutMs` at the latest. */
  open(sink: SocketSink): Promise<SseJoin> {
    this.#sink = sink;
    const { keepAlive, bounds, transport: { clock } } = this.#ports;
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#joinTimer = clock.setTimer(() => {
        this.#joinTimer = null;
        this.#stream.write(sseComment("joining", this.#retryMs));
        this.#startStream();
      }, bounds.joinTimeoutMs);
      keepAlive.add(this);
      sink.opened(this);
      if (this.#ended !== null) return;
      const { payload, topic, lastEventId } = this.#wish;
      sink.received(sseMessage(JOIN_REF, topic, `{"event":"phx_join","payload":${payload}}`, lastEventId));
    });
  }

  /** Whether there are as many requests as there may be: each whose body is still arriving may hold one in memory. */
  get isFull(): boolean {
    return this.#waiting.size + this.#arriving >= this.#ports.bounds.maxWaitingRequests;
  }

  /** Counts a body that `read` reads until it is there. The signal: the stream has ended, and nobody wants it. */
  async arriving<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#arriving++;
    try {
      return await read((this.#over ??= new AbortController()).signal);
    } finally {
      this.#arriving--;
    }
  }

  /** Hands on a message of the client's. `body` can be read. Resolves with its reply, or with why there is none. */
  ask(body: string): Promise<SseOutcome> {
    if (this.#ended !== null) return Promise.resolve(this.#ended);
    const { bounds, transport: { clock, counters } } = this.#ports;
    if (this.#waiting.size >= bounds.maxWaitingRequests) return Promise.resolve("full");
    const ref = String(++this.#lastRef);
    return new Promise((resolve) => {
      const timer = clock.setTimer(() => {
        counters.add("sse.late");
        this.#waiting.delete(ref);
        resolve("late");
      }, bounds.replyTimeoutMs);
      this.#waiting.set(ref, (outcome) => {
        clock.clearTimer(timer);
        resolve(outcome);
      });
      this.#sink!.received(sseMessage(ref, this.topic, body));
    });
  }

  /** Hands on a message that wants no reply. `body` can be read. */
  tell(body: string): void {
    if (this.#ended === null) this.#sink!.received(sseMessage(null, this.topic, body));
  }

  /** How it has ended; `null` while it lives. */
  get ended(): { readonly code: number; readonly reason: string } | null {
    return this.#ended;
  }

  // ── The connection's side ────────────────────────────────────────────────────────────────────────────────────────

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  send(turn: Turn): void {
    if (this.#ended !== null) return;
    const wire = turn.wire(joined);
    if (wire !== MIXED) return this.#stream.write(wire);
    for (const frame of turn.frames) this.#sendFrame(frame);
  }

  close(code: number, reason: string): void {
    this.#end(code, reason, true);
  }

  // ── The stream's side ────────────────────────────────────────────────────────────────────────────────────────────

  beat(): void {
    const { bounds, transport: { counters } } = this.#ports;
    const { bufferedBytes, taken } = this.#stream;
    if (bufferedBytes === 0) {
      this.#stalledMs = 0;
      this.#stream.write(KEEP_ALIVE);
    } else if (taken !== this.#takenBefore) this.#stalledMs = 0;
    else if ((this.#stalledMs += bounds.keepAliveMs) >= bounds.stalledMs) {
      counters.add("sse.stalled");
      this.#hangUp(CLOSE_TRY_LATER, "the stream is not read");
    }
    this.#takenBefore = taken;
  }

  /** The client has gone. */
  #gone(): void {
    if (this.#end(CLOSE_ABNORMAL, "", false)) this.#sink!.closed(CLOSE_ABNORMAL, "");
  }

  /** Ends it from here, and tells the connection. */
  #hangUp(code: number, reason: string): void {
    if (this.#end(code, reason, true)) this.#sink!.closed(code, reason);
  }

  #sendFrame(frame: Frame): void {
    if (this.#ended !== null) return;
    if (frame instanceof SseReply) this.#replied(frame);
    else if (frame instanceof SseEnd) this.#hangUp(frame.code, frame.reason);
    else this.#stream.write(frame.data as EventBytes);
  }

  #replied(reply: SseReply): void {
    if (reply.ref === null) return;
    if (reply.ref === JOIN_REF) return this.#joinReplied(reply);
    const take = this.#waiting.get(reply.ref);
    if (take === undefined) return; // it came too late
    this.#waiting.delete(reply.ref);
    take(reply);
  }

  #joinReplied(reply: SseReply): void {
    if (this.#joined) return;
    if (reply.status !== "ok") return this.#refused(reply);
    this.#joined = true;
    const { signer } = this.#ports.transport;
    const head = `{"token":${JSON.stringify(signer.sign(SSE_PURPOSE, this.id))},`;
    const data = head + (reply.data as string).slice(1);
    const beginning = sseBeginning(reply.response);
    this.#stream.write(sseEvent("troupe:joined", data, beginning.id, this.#retryMs));
    // What the gap cannot be filled with is told, so that the client fetches what it shows anew.
    if (this.#wish.lastEventId !== null && beginning.notice !== null) this.#stream.write(beginning.notice);
    this.#startStream();
  }

  #refused({ response }: SseReply): void {
    const answer = this.#takeAnswer();
    const status = joinRefusalStatus(response);
    if (answer !== null) answer({ kind: "refused", response });
    else this.#stream.write(refusedEvent(status, joinRefusalBody(response), this.#retryMs));
    const code = status >= 429 ? CLOSE_TRY_LATER : CLOSE_NORMAL;
    this.#hangUp(code, "the join is refused");
  }

  #startStream(): void {
    const answer = this.#takeAnswer();
    if (answer === null) return;
    this.#streaming = true;
    answer({ kind: "stream", body: this.#stream.body() });
  }

  #takeAnswer(): ((join: SseJoin) => void) | null {
    const answer = this.#answer;
    this.#answer = null;
    if (this.#joinTimer !== null) this.#ports.transport.clock.clearTimer(this.#joinTimer);
    this.#joinTimer = null;
    return answer;
  }

  /** `say`: whether the client is there to be told. `false`: it had ended before. */
  #end(code: number, reason: string, say: boolean): boolean {
    if (this.#ended !== null) return false;
    const ended = this.#ended = { code, reason };
    const { keepAlive, bounds, transport: { counters } } = this.#ports;
    keepAlive.remove(this);
    this.#ports.ended(this);
    this.#takeAnswer()?.({ kind: "closed", ...ended });
    for (const take of this.#waiting.values()) take(ended);
    this.#waiting.clear();
    this.#over?.abort();
    if (!this.#streaming) this.#stream.discard();
    else if (say) this.#stream.write(closeEvent(code, reason));
    this.#stream.end(bounds.lingerMs, () => counters.add("connections.abandoned"));
    return true;
  }
}

/** What tokens are signed for. */
export const SSE_PURPOSE = "sse";

/** When one client shall come back: all of a server's do not come at once. */
export function drawRetryMs({ bounds, transport: { random } }: SsePorts): number {
  return Math.round(bounds.retryMs * (0.5 + random.float()));
}

/** A turn's own form, made once for all streams: one piece of events, unless something else is among them. */
function joined(frames: readonly Frame[]): EventBytes | typeof MIXED {
  if (frames.some((frame) => frame instanceof SseReply || frame instanceof SseEnd)) return MIXED;
  if (frames.length === 1) return frames[0].data as EventBytes;
  const bytes = new Uint8Array(frames.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { data } of frames) {
    bytes.set(data as EventBytes, at);
    at += data.length;
  }
  return bytes;
}
