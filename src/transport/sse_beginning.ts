import { formatPosition, sseEvent } from "../protocol/sse.ts";

/** How a stream begins, as the answer to its join says. */
export interface SseBeginning {
  /** Where the client stands: the id of the stream's first event; `null` without a history. */
  readonly id: string | null;
  /** What a client is told that came back with an id; `null`: it is sent all that it has missed. */
  readonly notice: Uint8Array<ArrayBuffer> | null;
}

/** What the answer to a join says of the topic's history. */
interface Troupe {
  readonly epoch?: string;
  readonly offset?: number;
  readonly recovery?: "recovered" | "partial" | "reset";
  readonly gap?: { readonly from: number; readonly to: number };
}

/** Reads how a stream begins out of the answer to its join. */
export function sseBeginning(response: unknown): SseBeginning {
  const { epoch, offset, recovery, gap } = (response as { troupe?: Troupe } | null)?.troupe ?? {};
  const id = epoch === undefined || offset === undefined ? null : formatPosition({ epoch, offset });
  return { id, notice: noticeOf(recovery, gap, id !== null) };
}

function noticeOf(
  recovery: Troupe["recovery"],
  gap: Troupe["gap"],
  hasHistory: boolean,
): Uint8Array<ArrayBuffer> | null {
  if (recovery === "recovered") return null;
  if (recovery !== "partial" || gap === undefined) {
    const reason = recovery === "reset" ? "another_history" : hasHistory ? "unknown_position" : "no_history";
    return sseEvent("troupe:reset", JSON.stringify({ reason }));
  }
  const { from, to } = gap;
  return sseEvent("troupe:missed", JSON.stringify({ count: to - from + 1, from, to }));
}
