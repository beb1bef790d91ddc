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

/** Reads the body of a request as UTF-8. It holds at most `maxBytes` at any time, and does not reject. */
export async function readBody(
  request: Request,
  { clock, maxBytes, timeoutMs }: BodyBounds,
): Promise<BodyRead> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return { fault: "too_big" };
  if (request.body === null) return { text: "" };
  const reader = request.body.getReader();
  let late = false;
  const timer = clock.setTimer(() => {
    late = true;
    void reader.cancel().catch(() => {}); // ends the read that waits
  }, timeoutMs);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      bytes += value!.byteLength;
      if (bytes > maxBytes) {
        void reader.cancel().catch(() => {});
        return { fault: "too_big" };
      }
      pieces.push(value!);
    }
  } catch {
    return { fault: late ? "too_slow" : "broken_off" };
  } finally {
    clock.clearTimer(timer);
  }
  return late ? { fault: "too_slow" } : decoded(pieces, bytes);
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
