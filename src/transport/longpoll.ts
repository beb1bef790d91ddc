import { TroupeError } from "../base/errors.ts";
import { textual } from "../protocol/textual.ts";
import { answer, METHODS, preflight, refused } from "./longpoll_answers.ts";
import { BodyReader, parseBody } from "./longpoll_body.ts";
import { LongpollSession, type SessionPorts } from "./longpoll_session.ts";
import type { Admission, Gate, MountedTransport, Refusal, Transport, TransportPorts } from "./transport.ts";

/** What {@link longpoll} takes. Everything has a default. */
export interface LongpollOptions {
  /**
   * How long a GET waits for messages, in milliseconds; a session ends after 1.5 times that without a GET. Default:
   * 10,000. phoenix.js gives up after 20,000, and proxies on the way may earlier.
   */
  windowMs?: number;
  /** How long a session's token is good for, in milliseconds: then its client starts a new one. Default: 2 weeks. */
  tokenTtlMs?: number;
}

const TWO_WEEKS_MS = 1_209_600_000;

/**
 * Long-polling as phoenix.js does it (`LongPoll`, and `longPollFallbackMs`), for clients whose WebSocket is blocked on
 * the way: GETs that wait for messages, POSTs that bring some. It carries text alone: see `textual` for what becomes of
 * bytes. `docs/wire.md` says what goes over the wire. It is on by default, beside {@link websocket}.
 *
 * @throws {TroupeError} `invalid_options` for what is no positive number of milliseconds.
 *
 * @example
 * ```ts
 * import { App, longpoll, websocket } from "@troupe/core";
 *
 * const app = new App({ transports: [websocket, longpoll({ windowMs: 25_000 })] });
 * await app.close();
 * ```
 */
export function longpoll(options: LongpollOptions = {}): Transport {
  const { windowMs = 10_000, tokenTtlMs = TWO_WEEKS_MS, ...others } = options;
  for (const [name, value] of Object.entries({ windowMs, tokenTtlMs, ...others })) {
    const known = name === "windowMs" || name === "tokenTtlMs";
    if (known && typeof value === "number" && value > 0 && Number.isFinite(value)) continue;
    throw new TroupeError(
      "invalid_options",
      known
        ? `Cannot use the options of longpoll: ${name} must be a positive number of milliseconds, got ${value}`
        : `Cannot use the options of longpoll: ${name} is none. Accepted: windowMs, tokenTtlMs`,
      { details: { taker: "longpoll", at: name } },
    );
  }
  return {
    name: "longpoll",
    segment: "longpoll",
    raw: false,
    silent: true, // no heartbeats: a client is there as long as it polls
    adapt: textual,
    mount: (ports) => new MountedLongpoll(ports, windowMs, tokenTtlMs),
  };
}

/** Keeps tokens of other things from being taken for a session's. */
const PURPOSE = "longpoll";

/** The sessions of one mount, by the id in their tokens. */
class MountedLongpoll implements MountedTransport {
  readonly #ports: TransportPorts;
  readonly #sessionPorts: SessionPorts;
  readonly #windowMs: number;
  readonly #tokenTtlMs: number;
  readonly #sessions = new Map<string, LongpollSession>();
  /** How many are being admitted. */
  #opening = 0;

  constructor(ports: TransportPorts, windowMs: number, tokenTtlMs: number) {
    this.#ports = ports;
    this.#windowMs = windowMs;
    this.#tokenTtlMs = tokenTtlMs;
    const { clock, counters } = ports;
    this.#sessionPorts = { clock, counters, windowMs, over: ({ id }) => this.#sessions.delete(id) };
  }

  get held(): number {
    return this.#sessions.size + this.#opening;
  }

  handle(request: Request, gate: Gate): Response | Promise<Response> {
    const { method } = request;
    if (method === "OPTIONS") return preflight(request);
    if (method !== "GET" && method !== "POST") {
      return gate.refuse({
        status: 405,
        reason: "method_not_allowed",
        details: { method, accepted: METHODS },
        headers: { allow: METHODS },
      });
    }
    const fault = gate.originFault();
    if (fault !== null) return this.#refuse(gate, fault);
    const session = this.#sessionOf(request, gate.url);
    if (method === "GET") return session === null ? this.#open(gate) : session.poll();
    if (session === null || session.closed !== null) return answer({ status: 410 });
    return session.inTurn(() => this.#post(session, request)) ?? this.#tooManyPosts();
  }

  refusal(refusal: Refusal): Response {
    return refused(refusal);
  }

  end(): void {
    for (const session of [...this.#sessions.values()]) session.lose();
  }

  async #open(gate: Gate): Promise<Response> {
    if (this.#sessions.size + this.#opening >= this.#ports.limits.longpollSessions) {
      return this.#refuse(gate, { status: 503, reason: "too_many_longpoll_sessions" });
    }
    this.#opening++;
    try {
      return await gate.admit((admission) => {
        const session = this.#newSession(admission);
        this.#sessions.set(session.id, session);
        session.open(admission.connect());
        return answer({ messages: [], status: 410, token: session.token });
      }, refused);
    } finally {
      this.#opening--;
    }
  }

  #newSession(admission: Admission): LongpollSession {
    const { clock, random, signer } = this.#ports;
    const id = random.uuid();
    const lastMs = clock.now() + this.#tokenTtlMs;
    let signedMs = NaN;
    let token = "";
    return new LongpollSession(this.#sessionPorts, id, () => {
      // No longer than the authorization, which the client may have refreshed meanwhile.
      const expiresAtMs = Math.min(lastMs, admission.expiresAtMs ?? lastMs);
      if (expiresAtMs !== signedMs) token = signer.sign(PURPOSE, `${signedMs = expiresAtMs}.${id}`);
      return token;
    });
  }

  /** The session that a request is for; `null` if its token is none of ours, or of a session that is over. */
  #sessionOf(request: Request, url: URL): LongpollSession | null {
    const token = request.headers.get("x-phoenix-longpoll-token") ?? url.searchParams.get("token");
    const text = token === null ? null : this.#ports.signer.open(PURPOSE, token);
    if (text === null) return null;
    const dot = text.lastIndexOf("."); // an instant may be a fraction
    if (this.#ports.clock.now() < Number(text.slice(0, dot))) {
      return this.#sessions.get(text.slice(dot + 1)) ?? null;
    }
    this.#ports.counters.add("longpoll.tokens_expired");
    return null;
  }

  async #post(session: LongpollSession, request: Request): Promise<Response> {
    const { clock, counters, limits } = this.#ports;
    if (session.closed !== null) return answer({ status: 410 });
    const bounds = { maxBytes: limits.longpollBodyBytes, timeoutMs: this.#windowMs };
    const reader = new BodyReader(request, bounds, clock);
    session.reading(reader);
    const body = await reader.read();
    session.reading(null);
    if (session.closed !== null) return answer(session.gone);
    if (body === "late") {
      counters.add("longpoll.bodies_late");
      return answer({ status: 408, reason: "body_too_slow" });
    }
    if (body === "too_big") {
      return this.#unreadable("body_too_big", { maxBytes: bounds.maxBytes });
    }
    if (body === "broken") return this.#unreadable("body_broke_off", {});
    const parsed = parseBody(body, request.headers.get("content-type"));
    if (typeof parsed === "string") return this.#unreadable("bad_body", { message: parsed });
    if (parsed.cut) counters.add("longpoll.lines_ignored");
    session.receive(parsed.messages);
    if (session.closed !== null) return answer(session.gone);
    return answer({ status: 200, ...(parsed.cut && { reason: "lines_ignored" }) });
  }

  #unreadable(reason: string, details: Readonly<Record<string, unknown>>): Response {
    this.#ports.counters.add("longpoll.bodies_refused");
    return answer({ ...details, reason, status: 400 }, 400);
  }

  #tooManyPosts(): Response {
    this.#ports.counters.add("longpoll.posts_refused");
    return answer({ status: 408, reason: "too_many_posts" });
  }

  #refuse(gate: Gate, refusal: Refusal): Response {
    void gate.refuse(refusal); // counts it; our clients need a body of another form
    return refused(refusal);
  }
}
