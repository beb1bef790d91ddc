import { messageOf, TroupeError } from "../base/errors.ts";
import { utf8Length } from "../protocol/frame.ts";
import { readSseBody, sseCodec, sseMessage, STAY_AWAY } from "../protocol/sse.ts";
import {
  closedResponse,
  joinRefusal,
  json,
  preflight,
  refusalStream,
  replyResponse,
  shared,
  STREAM_HEADERS,
} from "./sse_answers.ts";
import { type BodyFault, readBody } from "./sse_body.ts";
import {
  drawRetryMs,
  SSE_PURPOSE,
  type SseBounds,
  SseConnection,
  type SseJoin,
  type SsePorts,
  type SseWish,
} from "./sse_connection.ts";
import { KeepAlive } from "./sse_keep_alive.ts";
import type { Gate, MountedTransport, Refusal, Transport, TransportPorts } from "./transport.ts";

/** How {@link sse} behaves. Times are in milliseconds. */
export interface SseOptions {
  /** How often a comment is sent, so that nobody in between takes the stream for dead. Default: 15,000. */
  keepAliveMs?: number;
  /**
   * When an `EventSource` comes back after the stream has ended, about: each stream is told a time from one half to
   * three halves of it, so that not all come at once. Default: 3,000.
   */
  retryMs?: number;
  /**
   * How long a request for a stream waits for the join, to answer a refusal with a status of its own. Default: 2,000.
   * Beyond: the stream begins, and `troupe:joined` or `troupe:refused` follows in it.
   */
  joinTimeoutMs?: number;
  /** How long a message waits for its reply. Default: 10,000. Beyond: status 408 (`sse.late`). */
  replyTimeoutMs?: number;
  /** How long the body of a message may take to arrive. Default: 10,000. Beyond: status 408 (`sse.refused.too_slow`). */
  bodyTimeoutMs?: number;
  /**
   * How long what waits for a client may wait after the stream's end. Default: 5,000. Beyond: it is dropped
   * (`connections.abandoned`).
   */
  lingerMs?: number;
  /** How long a client may read nothing of what waits for it. Default: 60,000. Beyond: the stream ends (`sse.stalled`). */
  stalledMs?: number;
  /**
   * Messages of one client that wait for a reply, or whose body is still arriving. Default: 100. Beyond: status 429
   * (`sse.refused.too_many_waiting`).
   */
  maxWaitingRequests?: number;
}

const DEFAULTS: SseBounds = {
  keepAliveMs: 15_000,
  retryMs: 3_000,
  joinTimeoutMs: 2_000,
  replyTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  lingerMs: 5_000,
  stalledMs: 60_000,
  maxWaitingRequests: 100,
};

/**
 * Server-sent events (the HTML standard, section 9.2): for a browser's `EventSource`, for curl, and wherever a proxy
 * lets nothing else through. One stream is one topic.
 *
 * - `GET …/sse?topic=room:1` joins; `&payload=` takes the join's payload as JSON, `&token=` the user's token for
 *   `authenticate`. The first event is `troupe:joined`, `{ token, status, response }`; then each publication and push is
 *   an event of its name. A refusal is an HTTP error with a `reason`; since `EventSource` never comes back after one, and
 *   hides it, `&refusal=event` makes it a stream of one event, `troupe:refused`.
 * - `POST …/sse` with the connection's token (the header `X-Troupe-Token`, or `?token=`) and the body
 *   `{ "event": …, "payload": … }` says something; the answer is the reply, `{ status, response }`. With `?reply=false`
 *   none is waited for: status 202.
 * - The last event is `troupe:close`, `{ code, reason }`. After a code that means "stay away" an `EventSource` that comes
 *   back by itself is answered with status 204, and stops.
 *
 * Every app has it unless `transports` says otherwise.
 *
 * @throws {TroupeError} `invalid_options`.
 *
 * @example
 * ```ts
 * import { App, sse } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new App({ transports: [sse({ keepAliveMs: 20_000 })] }).topic("news:{id}", { on: {} });
 * const response = await app.fetch(new Request("http://host/socket/sse?topic=news:1"));
 * assertEquals(response.headers.get("content-type"), "text/event-stream");
 * await response.body!.cancel();
 * await app.close();
 * ```
 */
export function sse(options: SseOptions = {}): Transport {
  const bounds = complete(options);
  return {
    name: "sse",
    segment: "sse",
    raw: false,
    codec: sseCodec,
    silent: true,
    forgetful: true, // an EventSource comes back to the same URL
    tokenParam: "token",
    mount: (ports) => new MountedSse(ports, bounds),
  };
}

function complete(options: SseOptions): SseBounds {
  const accepted = Object.keys(DEFAULTS);
  for (const [name, value] of Object.entries(options)) {
    const isNumber = typeof value === "number" && Number.isFinite(value) && value > 0;
    if (accepted.includes(name) && (isNumber || value === undefined)) continue;
    throw new TroupeError(
      "invalid_options",
      `Cannot use the options of sse: ${name} is ${value}. Accepted are numbers above 0: ${
        accepted.join(", ")
      }`,
      { details: { taker: "sse", at: name, accepted } },
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

/** Faults of a body, and what they are answered with. */
const BODY_STATUSES: Readonly<Record<BodyFault, number>> = {
  too_big: 413,
  too_slow: 408,
  not_utf8: 400,
  broken_off: 400,
};

/** The streams of one mount. */
class MountedSse implements MountedTransport {
  readonly #ports: SsePorts;
  readonly #connections = new Map<string, SseConnection>();

  constructor(transport: TransportPorts, bounds: SseBounds) {
    const keepAlive = new KeepAlive(transport.clock, bounds.keepAliveMs);
    this.#ports = { transport, bounds, keepAlive, ended: ({ id }) => this.#connections.delete(id) };
  }

  get held(): number {
    return this.#connections.size + this.#ports.keepAlive.size;
  }

  async handle(request: Request, gate: Gate): Promise<Response> {
    const origin = request.headers.get("origin");
    if (origin === null) return await this.#answer(request, gate);
    const fault = gate.originFault();
    if (fault !== null) return gate.refuse(fault);
    return shared(await this.#answer(request, gate), origin);
  }

  async #answer(request: Request, gate: Gate): Promise<Response> {
    if (request.method === "GET") {
      const response = await this.#open(request, gate);
      const asEvent = response.status >= 400 && gate.url.searchParams.get("refusal") === "event";
      return asEvent ? await refusalStream(response, drawRetryMs(this.#ports)) : response;
    }
    if (request.method === "POST") return await this.#post(request, gate.url);
    if (request.method === "OPTIONS") return preflight();
    return gate.refuse({
      status: 405,
      reason: "method_not_allowed",
      details: { method: request.method, accepted: ["GET", "POST", "OPTIONS"] },
      headers: { allow: "GET, POST, OPTIONS" },
    });
  }

  async #open(request: Request, gate: Gate): Promise<Response> {
    const wish = wishOf(request, gate.url);
    if ("status" in wish) return gate.refuse(wish);
    if (wish.lastEventId === STAY_AWAY) {
      this.#count("sse.kept_away");
      return new Response(null, { status: 204 });
    }
    const accepted: { join?: Promise<SseJoin> } = {};
    const response = await gate.admit(({ connect }) => {
      const connection = new SseConnection(this.#ports.transport.random.uuid(), this.#ports, wish);
      this.#connections.set(connection.id, connection);
      accepted.join = connection.open(connect());
      return new Response(null);
    });
    if (accepted.join === undefined) return response;
    const answer = streamResponse(await accepted.join);
    for (const [name, value] of response.headers) answer.headers.append(name, value); // what middleware has asked for
    return answer;
  }

  async #post(request: Request, url: URL): Promise<Response> {
    const connection = this.#connectionOf(
      request.headers.get("x-troupe-token") ?? url.searchParams.get("token"),
    );
    if (connection instanceof Response) return connection;
    const [mediaType] = (request.headers.get("content-type") ?? "").split(";");
    if (mediaType.trim().toLowerCase() !== "application/json") {
      return this.#refuse(415, "not_json", { accepted: ["application/json"] });
    }
    if (connection.isFull) return this.#tooManyWaiting();
    const { transport: { clock, maxMessageBytes }, bounds } = this.#ports;
    const maxBytes = maxMessageBytes - utf8Length(sseMessage(LONGEST_REF, connection.topic, ""));
    const bodyBounds = { clock, maxBytes, timeoutMs: bounds.bodyTimeoutMs };
    const read = await connection.arriving((signal) => readBody(request, bodyBounds, signal));
    if (connection.ended !== null) return this.#gone(connection.ended);
    if ("fault" in read) {
      return this.#refuse(BODY_STATUSES[read.fault], read.fault, {
        maxBytes,
        timeoutMs: bounds.bodyTimeoutMs,
      });
    }
    return await this.#say(connection, read.text, url.searchParams.get("reply") !== "false");
  }

  async #say(connection: SseConnection, body: string, wantsReply: boolean): Promise<Response> {
    // Read here as well, since what the connection itself cannot read would end it: a request is worth the second time.
    try {
      const { event } = readSseBody(body, connection.topic);
      if (event.startsWith("phx_")) {
        const message = "to join is to open a stream, to leave is to close it";
        return this.#refuse(400, "reserved_event", { event, message });
      }
    } catch (error) {
      return this.#refuse(400, "malformed", { message: messageOf(error) });
    }
    if (!wantsReply) {
      connection.tell(body);
      return new Response(null, { status: 202 });
    }
    const outcome = await connection.ask(body);
    if (outcome === "late") {
      return json(408, { reason: "no_reply", timeoutMs: this.#ports.bounds.replyTimeoutMs });
    }
    if (outcome === "full") return this.#tooManyWaiting();
    return "ref" in outcome ? replyResponse(outcome) : this.#gone(outcome);
  }

  /** The connection that a token names; else why there is none. */
  #connectionOf(token: string | null): SseConnection | Response {
    const accepted = ["the header X-Troupe-Token", "?token=", "with the token of troupe:joined"];
    if (token === null) return this.#refuse(401, "no_connection_token", { accepted });
    const id = this.#ports.transport.signer.open(SSE_PURPOSE, token);
    if (id === null) return this.#refuse(404, "unknown_connection", { accepted });
    return this.#connections.get(id) ?? this.#refuse(410, "connection_gone");
  }

  #gone({ code, reason }: { readonly code: number; readonly reason: string }): Response {
    this.#count("sse.refused.connection_closed");
    return closedResponse(code, reason, 410);
  }

  #tooManyWaiting(): Response {
    const { maxWaitingRequests } = this.#ports.bounds;
    return this.#refuse(429, "too_many_waiting", { accepted: maxWaitingRequests }, 1_000);
  }

  #refuse(status: number, reason: string, details = {}, retryAfterMs?: number): Response {
    this.#count(`sse.refused.${reason}`);
    return json(status, { reason, ...details }, retryAfterMs);
  }

  #count(name: string): void {
    this.#ports.transport.counters.add(name);
  }
}

/** As many digits as a ref can ever have. */
const LONGEST_REF = String(Number.MAX_SAFE_INTEGER);

/** What a request asks for; a refusal if that cannot be told. */
function wishOf(request: Request, { searchParams }: URL): SseWish | Refusal {
  const accept = request.headers.get("accept")?.toLowerCase() ?? "*/*";
  if (!["text/event-stream", "text/*", "*/*"].some((type) => accept.includes(type))) {
    return { status: 406, reason: "not_acceptable", details: { accepted: ["text/event-stream"] } };
  }
  const topic = searchParams.get("topic");
  if (topic === null || topic === "" || !topic.isWellFormed()) {
    return { status: 400, reason: "no_topic", details: { accepted: ["?topic=, one topic a stream"] } };
  }
  const payload = searchParams.get("payload") ?? "{}";
  try {
    JSON.parse(payload);
  } catch (error) {
    return { status: 400, reason: "bad_payload", details: { message: messageOf(error), accepted: ["JSON"] } };
  }
  const lastEventId = request.headers.get("last-event-id") ?? searchParams.get("lastEventId");
  return { topic, payload, lastEventId: lastEventId === "" ? null : lastEventId };
}

function streamResponse(join: SseJoin): Response {
  if (join.kind === "stream") return new Response(join.body, { headers: STREAM_HEADERS });
  if (join.kind === "refused") return joinRefusal(join.response);
  return closedResponse(join.code, join.reason);
}
