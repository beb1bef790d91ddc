import type { IncomingMessage } from "node:http";

/** Methods whose requests have no body for `fetch`. */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * A request of `node:http` as `fetch` has it: the body is streamed as it is read, and `signal` fires when the client is
 * gone. Throws a `TypeError` for what no `Request` can be made of, such as a host that is none.
 */
export function requestOf(incoming: IncomingMessage, scheme: "http" | "https", signal: AbortSignal): Request {
  const { method = "GET" } = incoming;
  const headers = new Headers();
  const { rawHeaders } = incoming;
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i], rawHeaders[i + 1]);
  const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
  if (!BODILESS.has(method) && hasBody(headers)) {
    // A body that is read in part only, e.g. since it is too large, must not take the connection with it: an answer follows.
    init.body = ReadableStream.from<Uint8Array>(incoming.iterator({ destroyOnReturn: false }));
    init.duplex = "half";
  }
  return new Request(urlOf(incoming, headers, scheme), init);
}

function hasBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || Number(headers.get("content-length") ?? "0") > 0;
}

/** RFC 9112, section 3.3: the target of the request, on the host that it names. */
function urlOf({ url = "/" }: IncomingMessage, headers: Headers, scheme: string): string {
  if (/^https?:\/\//i.test(url)) return url;
  const host = headers.get("host") ?? "localhost"; // HTTP/1.0 needs none
  if (/[/?#@\\\s]/.test(host) || !url.startsWith("/")) throw new TypeError("neither a host nor a path");
  return `${scheme}://${host}${url}`;
}
