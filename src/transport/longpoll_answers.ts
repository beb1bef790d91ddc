/**
 * What long-poll clients are answered. The client reads the `status` in the body and nothing else, and it knows 200,
 * 204, 403, 410 and 500: with any other on a GET, phoenix.js stops for ever.
 *
 * @module
 */

import type { Refusal } from "./transport.ts";

/** The body of an answer. */
export interface AnswerBody {
  readonly status: number;
  /** The session's token. */
  readonly token?: string;
  /** To a GET: the messages, each as one text. */
  readonly messages?: readonly string[];
  /** Where the session has been closed: the close code. */
  readonly code?: number;
  /** Why it is not 200: a name in snake_case, or the reason of the close. */
  readonly reason?: string;
  /** What helps. */
  readonly [detail: string]: unknown;
}

// Any page may read an answer: whether it gets more than a 403 is the origin check's matter. Cookies never go along
// with `*`, unless the page is of this host anyway (the Fetch standard, section 3.3.5).
const HEADERS = {
  "content-type": "application/json; charset=utf-8",
  "access-control-allow-origin": "*",
  "cache-control": "no-store",
};

/** An answer. `httpStatus`, where the client does not look, is 200 unless it says otherwise. */
export function answer(
  body: AnswerBody,
  httpStatus = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status: httpStatus, headers: { ...HEADERS, ...headers } });
}

/**
 * An answer that follows when it is there: its headers go out at once. `abandoned` is called if the client goes away
 * before.
 */
export class LaterAnswer {
  readonly response: Response;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(abandoned: () => void) {
    // A stream is told when the client goes away; of the request's own signal, the runtime warns in its log.
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: abandoned,
    });
    this.response = new Response(stream, { headers: HEADERS });
  }

  /** Answers. Called once. */
  give(body: AnswerBody): void {
    try {
      this.#controller!.enqueue(encoder.encode(JSON.stringify(body)));
      this.#controller!.close();
    } catch {
      // The client has just gone away.
    }
  }
}

const encoder = new TextEncoder();

/**
 * An answer that says no. A fault of the server's is a 500 in the body, after which the client tries again; everything
 * else is a 403. HTTP's own status is the refusal's where that is a fault of the server's, for proxies and monitors.
 */
export function refused({ status, reason, details, headers }: Refusal): Response {
  if (status < 500) return answer({ ...details, reason, status: 403 });
  return answer({ ...details, reason, status: 500 }, status, {
    ...(status === 503 && { "retry-after": "1" }),
    ...headers,
  });
}

/** The answer to a CORS preflight (the Fetch standard, section 3.3.3). */
export function preflight(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers");
  return new Response(null, {
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": METHODS,
      "access-control-max-age": "3600",
      ...(asked !== null && { "access-control-allow-headers": asked }),
    },
  });
}

/** The methods that there are. */
export const METHODS = "GET, POST, OPTIONS";
