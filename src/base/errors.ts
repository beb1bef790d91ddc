/**
 * Errors that teach: each says what was asked, what came, what would have been accepted, under a stable code, and
 * whether the same call can succeed later.
 *
 * @module
 */

/** What a {@link TroupeError} carries beside its message. */
export interface TroupeErrorOptions {
  /** Whether the same call may succeed later without any change by the caller. Default: `false`. */
  retryable?: boolean;
  /** How long to wait before trying again, in milliseconds, where that is known. */
  retryAfterMs?: number;
  /** Facts for programs: the field, the limit, the value (never a secret). */
  details?: Readonly<Record<string, unknown>>;
  /** What caused this error. */
  cause?: unknown;
}

/**
 * Every error that the engine throws on purpose. `code` is stable across releases; the message is for people and may
 * change.
 *
 * @example
 * ```ts
 * import { TroupeError } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new TroupeError("mailbox_full", "Cannot tell the topic: its mailbox is full", { retryable: true });
 * assertEquals(error.code, "mailbox_full");
 * assertEquals(error.retryable, true);
 * ```
 */
export class TroupeError extends Error {
  /** `TroupeError`. */
  override readonly name = "TroupeError";
  /** A stable name of the fault, in snake_case. */
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Milliseconds to wait before trying again, where that is known. */
  readonly retryAfterMs: number | undefined;
  /** Facts for programs. */
  readonly details: Readonly<Record<string, unknown>>;

  /** Makes an error with a stable `code` and a message for people. */
  constructor(code: string, message: string, options: TroupeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** The text of whatever was thrown: an error's message, else the value as a string. Never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "a value that cannot be printed";
  }
}
