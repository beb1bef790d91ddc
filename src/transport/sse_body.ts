import type { Clock } from "../base/clock.ts";

/** Why a body could not be read. */
export type BodyFault = "too_big" | "too_slow" | "not_utf8" | "broken_off";

/** How the reading of a body is bounded. */
export interface BodyBounds {
  readonly clock: Clock;
  /** Bytes. */
  readonly maxBytes: number;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/** What was read of a body: its text, or why there is none. */
export type BodyRead = { readonly text: string } | { readonly fault: BodyFault };

/**
 * Reads the body of a request as UTF-8. It holds at most `maxBytes` at any time, and does not reject. `signal`: nobody
 * wants it any more; then it has broken off.
 */
export async function readBody(
  request: Request,
  { clock, maxBytes, timeoutMs }: BodyBounds,
  signal?: AbortSignal,
): Promise<BodyRead> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return { fault: "too_big" };
  if (request.body === null) return { text: "" };
  const reader = request.body.getReader();
  let fault: BodyFault | null = null;
  const giveUp = (why: BodyFault): void => {
    fault ??= why;
    void reader.cancel().catch(() => {}); // ends the read that waits
  };
  const timer = clock.setTimer(() => giveUp("too_slow"), timeoutMs);
  const aborted = (): void => giveUp("broken_off");
  signal?.addEventListener("abort", aborted);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      bytes += value!.byteLength;
      if (bytes > maxBytes) {
        giveUp("too_big");
        return { fault: "too_big" };
      }
      pieces.push(value!);
    }
  } catch {
    return { fault: fault ?? "broken_off" };
  } finally {
    clock.clearTimer(timer);
    signal?.removeEventListener("abort", aborted);
  }
  return fault !== null ? { fault } : decoded(pieces, bytes);
}

function decoded(pieces: readonly Uint8Array[], bytes: number): BodyRead {
  const all = pieces.length === 1 ? pieces[0] : new Uint8Array(bytes);
  let at = 0;
  if (pieces.length > 1) {
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.byteLength;
    }
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(all) };
  } catch {
    return { fault: "not_utf8" };
  }
}
