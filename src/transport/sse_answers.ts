/**
 * What the SSE transport answers in plain HTTP: statuses, bodies, and the headers that let pages of other origins read
 * them.
 *
 * @module
 */

import { CLOSE_INTERNAL, CLOSE_RESTART, CLOSE_TOO_BIG, CLOSE_TRY_LATER } from "../protocol/close_codes.ts";
import { mayComeBack, sseEvent, type SseReply, STAY_AWAY } from "../protocol/sse.ts";

/** How long a preflight is remembered, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** Headers of a stream. Whoever stands between must neither keep it, nor collect it, nor compress it. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** The server's fault, or its load: the same may go well later. */
const BUSY = new Set(["overloaded", "topic_unavailable", "too_many_topics", "history_timeout", "not_stored"]);

/** The other refusals of the engine's own. Those of applications are 403. */
const JOIN_STATUSES: ReadonlyMap<unknown, number> = new Map([
  ["unmatched topic", 404],
  ["invalid_payload", 400],
  ["topic_too_long", 400],
  ["join crashed", 500],
]);

/** What a refused join is answered with, by the response that a channel client would get. */
export function joinRefusalStatus(response: unknown): number {
  const { reason, retryAfterMs } = fieldsOf(response);
  if (typeof reason === "string" && BUSY.has(reason)) return 503;
  if (typeof retryAfterMs === "number") return 429;
  return JOIN_STATUSES.get(reason) ?? 403;
}

/** The answer to a request for a stream whose join is refused: the join's response as JSON, with a `reason`. */
export function joinRefusal(response: unknown): Response {
  return json(joinRefusalStatus(response), joinRefusalBody(response), fieldsOf(response).retryAfterMs);
}

/** What it holds. */
export function joinRefusalBody(response: unknown): unknown {
  return typeof fieldsOf(response).reason === "string" ? response : { reason: "refused", response };
}

/** The answer to a message: its reply, as it is. An overload and a limit have statuses of their own. */
export function replyResponse({ status, response, data }: SseReply): Response {
  const { reason, retryAfterMs } = fieldsOf(response);
  const busy = status === "error" && typeof reason === "string" && BUSY.has(reason);
  const limited = status === "error" && typeof retryAfterMs === "number";
  return new Response(data as string, {
    status: busy ? 503 : limited ? 429 : 200,
    headers: jsonHeaders(busy || limited ? retryAfterMs ?? 1_000 : undefined),
  });
}

/** The answer to a request whose connection has ended meanwhile, by its close code; `otherwise`: for other codes. */
export function closedResponse(
  code: number,
  reason: string,
  otherwise = mayComeBack(code) ? 503 : 403,
): Response {
  const status = code === CLOSE_TOO_BIG
    ? 413
    : code === CLOSE_INTERNAL
    ? 500
    : code === CLOSE_RESTART || code === CLOSE_TRY_LATER
    ? 503
    : otherwise;
  const body = { reason: "connection_closed", code, message: reason };
  return json(status, body, status === 503 ? 1_000 : undefined);
}

/**
 * A refusal as a stream of one event, `troupe:refused`, `{ status, reason, … }`: `EventSource` hides the status and the
 * body of an answer that is none of its own, and never comes back after it. After this it does, no sooner than
 * `Retry-After` says, unless the refusal is final.
 */
export async function refusalStream(refusal: Response, retryMs: number): Promise<Response> {
  const body: unknown = await refusal.json().catch(() => null); // an application's own may be anything
  const retryAfterMs = Number(refusal.headers.get("retry-after") ?? 0) * 1_000;
  const { status } = refusal;
  const event = refusedEvent(status, body, Math.max(retryAfterMs || 0, retryMs));
  return new Response(event, { headers: STREAM_HEADERS });
}

/** The event of a refusal. `body`: what the HTTP answer would hold. */
export function refusedEvent(status: number, body: unknown, retryMs: number): Uint8Array<ArrayBuffer> {
  const id = status === 408 || status === 429 || status >= 500 ? null : STAY_AWAY;
  return sseEvent("troupe:refused", JSON.stringify({ status, ...fieldsOf(body) }), id, retryMs);
}

/** JSON with a status. `retryAfterMs` becomes `Retry-After`, in whole seconds, where it is a number. */
export function json(status: number, body: unknown, retryAfterMs?: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: jsonHeaders(retryAfterMs) });
}

/** The answer to a preflight of a page whose origin is allowed. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "authorization, content-type, last-event-id, x-troupe-token",
      "access-control-max-age": String(PREFLIGHT_SECONDS),
    },
  });
}

/**
 * `response` as a page of another origin can read it, which is allowed to. Credentials are allowed as well: who may
 * connect is the origin policy's matter, for this transport as for WebSocket, which asks for no such leave.
 */
export function shared(response: Response, origin: string): Response {
  const headers = new Headers(response.headers);
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
  headers.set("access-control-expose-headers", "retry-after");
  headers.append("vary", "origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

function jsonHeaders(retryAfterMs: unknown): Record<string, string> {
  return {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(typeof retryAfterMs === "number" &&
      { "retry-after": String(Math.max(Math.ceil(retryAfterMs / 1_000), 1)) }),
  };
}

function fieldsOf(response: unknown): { readonly reason?: unknown; readonly retryAfterMs?: unknown } {
  return typeof response === "object" && response !== null ? response : {};
}
