import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";

/** The most bytes of a key set. */
export const MAX_JWKS_BYTES = 262_144;

/** Gets the text of a key set. Rejects if it cannot. */
export type KeySource = () => Promise<string>;

/** What getting it is bounded by. */
export interface KeySourceOptions {
  readonly clock: Clock;
  /** How long a fetch may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Where a key set is: a URL, or the path of a file. */
export function keySetPlace(jwks: string | URL): URL | string {
  const url = jwks instanceof URL ? jwks : /^(https?|file):\/\//i.test(jwks) ? new URL(jwks) : null;
  if (url === null) return jwks as string;
  if (url.protocol === "https:" || url.protocol === "http:" || url.protocol === "file:") return url;
  throw new TroupeError(
    "invalid_options",
    `Cannot verify tokens: at jwks, ${url.protocol} is no place for keys. Accepted: https:, http: and files`,
  );
}

/** Whether the place is a file. */
export function isFile(place: URL | string): boolean {
  return typeof place === "string" || place.protocol === "file:";
}

/** How the key set at `place` is got. */
export function keySource(place: URL | string, options: KeySourceOptions): KeySource {
  if (isFile(place)) return () => readFile(place);
  return () => fetchText(place as URL, options);
}

async function readFile(place: URL | string): Promise<string> {
  using file = await Deno.open(place);
  return await readBounded(file.readable);
}

/** Redirects are not followed: keys come from the place that was named, and from no other. */
async function fetchText(url: URL, { clock, timeoutMs }: KeySourceOptions): Promise<string> {
  const controller = new AbortController();
  const late = new TroupeError("timeout", `it took longer than ${timeoutMs} ms`);
  const timer = clock.setTimer(() => controller.abort(late), timeoutMs);
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: controller.signal,
      headers: { accept: "application/jwk-set+json, application/json" },
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new TypeError(`status ${response.status} instead of 200`);
    }
    return await readBounded(response.body);
  } finally {
    clock.clearTimer(timer);
  }
}

async function readBounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JWKS_BYTES) throw new TypeError(`it is larger than ${MAX_JWKS_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
