/**
 * Close codes: which ones Troupe sends and receives, what each means, and whether a client should come back.
 *
 * @module
 */

/** One row of the close code table. */
export interface CloseCode {
  /** The number on the wire. */
  readonly code: number;
  /** A stable name in snake_case, for logs and counters. */
  readonly name: string;
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** Whether Troupe itself sends it (`true`), or only ever sees it (`false`). */
  readonly sent: boolean;
  /** Whether a client should connect again without any change on its side. It backs off between attempts. */
  readonly retry: boolean;
}

/**
 * The end is meant: the other side closed, or an application closed a raw connection. Troupe never sends it where the
 * client should come back, since phoenix.js up to 1.8.15 stays away after it.
 */
export const CLOSE_NORMAL: number = 1000;
/** Forced disconnect, or nothing was heard from the client for too long. */
export const CLOSE_GOING_AWAY: number = 1001;
/** A message could not be read; the reason names the fault. */
export const CLOSE_MALFORMED: number = 1007;
/** The client broke a rule of the server: a limit, an expired permission. */
export const CLOSE_POLICY: number = 1008;
/** A message was larger than the limit. */
export const CLOSE_TOO_BIG: number = 1009;
/** A fault of the server's. */
export const CLOSE_INTERNAL: number = 1011;
/** The server shuts down or restarts. */
export const CLOSE_RESTART: number = 1012;
/** The client reads too slowly, or the server has too much to do. */
export const CLOSE_TRY_LATER: number = 1013;
/** The authorization has expired, or was revoked. Of our own (RFC 6455, section 7.4.2): HTTP's 401, as others have it. */
export const CLOSE_UNAUTHORIZED: number = 4401;
/** Seen only: the close frame held no code. It is never sent (RFC 6455, section 7.4.1). */
export const CLOSE_NO_STATUS: number = 1005;
/** Seen only: the connection ended without a close frame. It is never sent (RFC 6455, section 7.4.1). */
export const CLOSE_ABNORMAL: number = 1006;

/** Every code that Troupe sends or expects to see, in ascending order. `docs/wire.md` shows the same table. */
export const CLOSE_CODES: readonly CloseCode[] = [
  {
    code: CLOSE_NORMAL,
    name: "normal",
    meaning: "The end is meant: the client closed, or an application closed a raw connection.",
    sent: true,
    retry: false,
  },
  {
    code: CLOSE_GOING_AWAY,
    name: "going_away",
    meaning: "The server disconnected the client on purpose, or heard nothing from it for too long.",
    sent: true,
    retry: true,
  },
  {
    code: CLOSE_NO_STATUS,
    name: "no_status",
    meaning: "The close frame held no code.",
    sent: false,
    retry: true,
  },
  {
    code: CLOSE_ABNORMAL,
    name: "abnormal",
    meaning: "The connection ended without a close frame.",
    sent: false,
    retry: true,
  },
  {
    code: CLOSE_MALFORMED,
    name: "malformed",
    meaning: "A message could not be read; the reason names the fault.",
    sent: true,
    retry: false,
  },
  {
    code: CLOSE_POLICY,
    name: "policy",
    meaning: "The client broke a rule of the server; the reason names it.",
    sent: true,
    retry: false,
  },
  {
    code: CLOSE_TOO_BIG,
    name: "too_big",
    meaning: "A message was larger than the limit.",
    sent: true,
    retry: false,
  },
  {
    code: CLOSE_INTERNAL,
    name: "internal",
    meaning: "A fault of the server's ended this connection.",
    sent: true,
    retry: true,
  },
  {
    code: CLOSE_RESTART,
    name: "restart",
    meaning: "The server shuts down or restarts.",
    sent: true,
    retry: true,
  },
  {
    code: CLOSE_TRY_LATER,
    name: "try_later",
    meaning: "The client reads too slowly for what it subscribed to, or the server has too much to do.",
    sent: true,
    retry: true,
  },
  {
    code: CLOSE_UNAUTHORIZED,
    name: "unauthorized",
    meaning: "What the client was let in with has `expired`, or was `revoked`: the reason says which.",
    sent: true,
    retry: true,
  },
];

/** The most bytes of UTF-8 that a close reason can hold (RFC 6455, section 5.5: 125 less the code). */
export const MAX_CLOSE_REASON_BYTES = 123;

/**
 * Cuts `text` to what a close frame can carry: the longest prefix of at most {@link MAX_CLOSE_REASON_BYTES} bytes of
 * UTF-8 that ends on a character boundary. A lone surrogate becomes U+FFFD, as it would on the wire.
 *
 * @example
 * ```ts
 * import { closeReason } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(closeReason("short"), "short");
 * assertEquals(closeReason("é".repeat(100)), "é".repeat(61));
 * ```
 */
export function closeReason(text: string): string {
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const point = text.codePointAt(end) as number;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
    if (bytes + size > MAX_CLOSE_REASON_BYTES) break;
    bytes += size;
    end += size === 4 ? 2 : 1;
  }
  return text.slice(0, end).toWellFormed();
}

/**
 * Whether an endpoint may put `code` into a close frame: 1000–1003, 1007–1014, and 3000–4999 (RFC 6455, section 7.4,
 * and the IANA registry that it opened). Runtimes do not all check it themselves.
 */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** How a connection ended: a code and its reason, which may be empty. */
export interface Closed {
  /** The close code; {@link CLOSE_ABNORMAL} where no close frame came. */
  readonly code: number;
  /** The reason; empty where none came. */
  readonly reason: string;
}

/**
 * What a runtime reports about a closed connection, in the words of RFC 6455: a code of 0, or none at all, is how some
 * report a connection that ended without a close frame (1006). Everything else is passed on as it came.
 */
export function normalizeClose(code: number | undefined, reason: string | undefined): Closed {
  return { code: code ? code : CLOSE_ABNORMAL, reason: reason ?? "" };
}
