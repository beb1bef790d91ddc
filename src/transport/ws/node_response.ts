import type { ServerResponse } from "node:http";

/** Statuses whose responses have no body (RFC 9110, section 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** How many microtasks something that is there already takes to arrive; most take two. */
const READY_TICKS = 8;

/**
 * Writes `response` to a response of `node:http`. A body that is there as a whole goes out with its length; one that
 * comes by and by, such as a stream of events, as it comes, headers first, and no faster than the client reads. When
 * the client goes away, the body is cancelled; when the body fails, the connection is dropped, so that the client sees
 * that something is missing. Does not reject.
 */
export async function writeResponse(response: Response, out: ServerResponse, isHead: boolean): Promise<void> {
  try {
    writeHeaders(response, out);
    const { body, status } = response;
    if (body === null || isHead || BODILESS.has(status)) {
      void body?.cancel().catch(() => {});
      out.end();
    } else await writeBody(body.getReader(), out);
  } catch {
    out.destroy();
  }
}

function writeHeaders({ status, statusText, headers }: Response, out: ServerResponse): void {
  out.statusCode = status;
  if (statusText !== "") out.statusMessage = statusText;
  const cookies = headers.getSetCookie();
  for (const [name, value] of headers) if (name !== "set-cookie") out.setHeader(name, value);
  if (cookies.length > 0) out.setHeader("set-cookie", cookies);
}

async function writeBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  out: ServerResponse,
): Promise<void> {
  const gone = (): void => void reader.cancel().catch(() => {});
  out.once("close", gone);
  if (out.destroyed) gone();
  let next = reader.read();
  if (!await isReady(next)) out.flushHeaders();
  let { done, value } = await next;
  while (!done && !out.destroyed) {
    const chunk = value!;
    next = reader.read();
    if (!out.headersSent && await isReady(next) && (await next).done) {
      if (!out.hasHeader("content-length")) out.setHeader("content-length", chunk.byteLength);
      out.end(chunk);
      break;
    }
    if (!out.write(chunk)) await drained(out);
    ({ done, value } = await next);
  }
  if (!out.writableEnded) out.end();
  out.off("close", gone);
}

/** Whether `promise` settles at once, since what it waits for is there. */
async function isReady(promise: Promise<unknown>): Promise<boolean> {
  let ready = false;
  const note = (): void => void (ready = true);
  promise.then(note, note);
  for (let i = 0; i < READY_TICKS && !ready; i++) await null;
  return ready;
}

/** Resolves when the client has read on, or is gone. */
function drained(out: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off("drain", done);
      out.off("close", done);
      resolve();
    };
    out.on("drain", done);
    out.on("close", done);
    if (out.destroyed) done();
  });
}
