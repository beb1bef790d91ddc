/**
 * Server-sent events (the HTML standard, section 9.2) as a wire: events go out in a stream, one topic a stream; what
 * the client says comes in requests of its own.
 *
 * @module
 */

import type { Position } from "../base/position.ts";
import { CLOSE_CODES, CLOSE_INTERNAL, CLOSE_NORMAL } from "./close_codes.ts";
import { type Codec, Frame, type Inbound } from "./codec.ts";
import { malformed, nameOf, parseJson, readName, readRef } from "./malformed.ts";
import { encodeJson, jsonPayload, payloadText, unencodable } from "./payload.ts";
import { textual } from "./textual.ts";

/**
 * The id that the last event of a stream carries whose client shall stay away: `EventSource` sends it along when it
 * comes back by itself, and is answered with status 204. It is no position, since those have a `:`.
 */
export const STAY_AWAY = "troupe-stay-away";

/** Where a client says what is about the connection itself. It is the one topic beside the stream's own. */
export const SSE_CONTROL_TOPIC = "troupe";

const encoder = new TextEncoder();

/** The answer to a message of the client's: not an event of the stream, but the body of an HTTP answer. */
export class SseReply extends Frame {
  /** The message that is answered; `null` if it wanted no answer. */
  readonly ref: string | null;
  /** `ok` or `error`. */
  readonly status: string;
  /** The response as it was given. */
  readonly response: unknown;

  /** `json`: `{"status":…,"response":…}`. */
  constructor(ref: string | null, status: string, response: unknown, json: string) {
    super(json);
    this.ref = ref;
    this.status = status;
    this.response = response;
  }
}

/** The last event of a stream: its channel has ended. */
export class SseEnd extends Frame {
  /** Why, as a close code. */
  readonly code: number;
  /** Why, in words. */
  readonly reason: string;

  /** Makes the event. */
  constructor(code: number, reason: string) {
    super(closeEvent(code, reason));
    this.code = code;
    this.reason = reason;
  }
}

/**
 * The codec of the SSE transport. Publications and pushes become events:
 *
 *     event: said
 *     id: <epoch>:<offset>
 *     data: {"text":"hi"}
 *
 * The `id` is there where the topic has a history. A payload that is bytes goes as `{"troupe:bytes":"3q2+7w=="}` (see
 * `textual`). An event whose name holds a line break is refused at its author, with the code `unencodable_payload`. `troupe:going-away` has
 * the field `retry`, so that an `EventSource` keeps to its `reconnectAfterMs`. Replies are {@link SseReply}, the
 * channel's end is {@link SseEnd}. What comes in has the form that {@link sseMessage} makes.
 */
export const sseCodec: Codec = textual({
  name: "sse/1.0.0",
  decode(data, sink): void {
    if (typeof data !== "string") throw malformed("a message must be text; got bytes");
    const end = data.indexOf("\n");
    if (end < 0) throw malformed("a message begins with a line of its own");
    const head = parseJson(data.slice(0, end));
    if (!Array.isArray(head)) throw malformed(`the first line must be an array; got ${nameOf(head)}`);
    const [ref, topic, after] = head;
    const position = typeof after === "string" ? parsePosition(after) : null;
    sink({
      joinRef: JOIN_REF,
      ref: readRef(ref, "ref", ""),
      ...readSseBody(data.slice(end + 1), readName(topic, "topic", "")),
      ...(position !== null && { after: position }),
    });
  },
  reply(_joinRef, ref, topic, status, response): SseReply {
    const body = { status, response: jsonPayload(response, topic, "phx_reply") };
    return new SseReply(ref, status, response, encodeJson(body, topic, "phx_reply"));
  },
  push: (_joinRef, topic, event, payload): Frame => new Frame(encoded(topic, event, payload, null)),
  publication: (topic, event, payload, position): Frame =>
    new Frame(encoded(topic, event, payload, position)),
  ended(_joinRef, _topic, event, payload): SseEnd {
    const reason = (payload as { reason?: unknown } | null | undefined)?.reason;
    const code = event === "phx_close" ? CLOSE_NORMAL : CLOSE_INTERNAL;
    return new SseEnd(code, typeof reason === "string" ? reason : "the channel has ended");
  },
  join: null,
});

/** There is one incarnation a stream. */
const JOIN_REF = "0";

/** An event as it goes on the wire. `id` and `data` hold no line breaks. `retryMs`: when a client shall come back. */
export function sseEvent(
  event: string,
  data: string,
  id: string | null = null,
  retryMs: number | null = null,
): Uint8Array<ArrayBuffer> {
  const lines = `event: ${event}\n${id === null ? "" : `id: ${id}\n`}`;
  return encoder.encode(`${lines}${retryMs === null ? "" : `retry: ${retryMs}\n`}data: ${data}\n\n`);
}

/** A comment as it goes on the wire: clients skip it. */
export function sseComment(text: string, retryMs: number | null = null): Uint8Array<ArrayBuffer> {
  return encoder.encode(`: ${text}\n${retryMs === null ? "" : `retry: ${retryMs}\n`}\n`);
}

/** Whether a client may come back by itself after `code`. Those of applications say nothing of it: it may. */
export function mayComeBack(code: number): boolean {
  return CLOSE_CODES.find((each) => each.code === code)?.retry ?? true;
}

/** The last event of a stream, `troupe:close`. */
export function closeEvent(code: number, reason: string): Uint8Array<ArrayBuffer> {
  return sseEvent("troupe:close", JSON.stringify({ code, reason }), mayComeBack(code) ? null : STAY_AWAY);
}

/**
 * What {@link sseCodec} decodes: a line with the message's ref (`null`: no answer is wanted), its topic and, on a join,
 * the `Last-Event-ID` that the client came with; then the body as it came.
 */
export function sseMessage(
  ref: string | null,
  topic: string,
  body: string,
  after: string | null = null,
): string {
  return `${JSON.stringify([ref, topic, after])}\n${body}`;
}

/**
 * Reads a body of a client's, `{"event":…,"payload":…}`, said on the stream of `own`; it may have a `topic`, that one or
 * {@link SSE_CONTROL_TOPIC}. Throws `MalformedMessage`.
 */
export function readSseBody(text: string, own: string): Pick<Inbound, "topic" | "event" | "payload"> {
  const body = parseJson(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw malformed(`the body must be {"event":…,"payload":…}; got ${nameOf(body)}`);
  }
  const { topic = own, event, payload = {} } = body as {
    topic?: unknown;
    event?: unknown;
    payload?: unknown;
  };
  if (topic !== own && topic !== SSE_CONTROL_TOPIC) {
    throw malformed(
      `topic must be left out, the stream's own, or "${SSE_CONTROL_TOPIC}"; got ${nameOf(topic)}`,
    );
  }
  return { topic, event: readName(event, "event", ""), payload };
}

/** A position as an event's id: the epoch, a `:`, the offset. */
export function formatPosition({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`;
}

/** Reads what {@link formatPosition} wrote; `null` for everything else. */
export function parsePosition(id: string): Position | null {
  const [, epoch, digits] = /^(.{1,128}):(0|[1-9]\d{0,15})$/.exec(id) ?? [];
  const offset = Number(digits);
  return epoch !== undefined && Number.isSafeInteger(offset) ? { epoch, offset } : null;
}

function encoded(
  topic: string,
  event: string,
  payload: unknown,
  position: Position | null,
): Uint8Array<ArrayBuffer> {
  // U+0000 would do no harm in an event's name; a line break would begin another field.
  if (/[\r\n]/.test(event)) throw unencodable(topic, event, "the event's name holds a line break");
  const data = payloadText(payload, topic, event);
  const id = position === null ? null : formatPosition(position);
  return sseEvent(event, data, id, reconnectAfter(event, payload));
}

/** When the client shall come back, where the server says so before it goes: `EventSource` needs nobody's help then. */
function reconnectAfter(event: string, payload: unknown): number | null {
  if (event !== "troupe:going-away") return null;
  const ms = (payload as { reconnectAfterMs?: unknown } | null | undefined)?.reconnectAfterMs;
  return typeof ms === "number" && ms >= 0 ? Math.round(ms) : null;
}
