/** What a request says about who sends it. None of it is verified. */
export interface Credentials {
  /**
   * The token: phoenix's `authToken`, a sub-protocol or the header `X-Phoenix-AuthToken`, else the header
   * `Authorization: Bearer`; `null` for none.
   */
  readonly token: string | null;
  /** The cookies, by name, the first of each: it has the most specific path (RFC 6265, section 5.4). */
  readonly cookies: Readonly<Record<string, string>>;
  /** The query parameters, by name, the first of each: what phoenix sends as `params`. */
  readonly params: Readonly<Record<string, string>>;
}

/** Reads the credentials of a request. `subProtocolToken`: the token that came as a sub-protocol, if any. */
export function readCredentials(request: Request, url: URL, subProtocolToken: string | null): Credentials {
  const params: Record<string, string> = Object.create(null);
  for (const [name, value] of url.searchParams) params[name] ??= value;
  const token = subProtocolToken ?? authToken(request) ?? bearer(request);
  return { token, cookies: cookiesOf(request), params };
}

/** As phoenix.js sends it over long-poll: the bytes that it would give to `btoa` for a WebSocket, in a header. */
function authToken(request: Request): string | null {
  const header = request.headers.get("x-phoenix-authtoken");
  if (header === null) return null;
  try {
    return utf8.decode(Uint8Array.from(header, (char) => char.charCodeAt(0)));
  } catch {
    return header;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function bearer(request: Request): string | null {
  return /^bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

/** The cookies of a request. What is no cookie is skipped: one that is malformed must not hide the others. */
export function cookiesOf(request: Request): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const pair of request.headers.get("cookie")?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(equals, 0)).trim();
    if (name !== "") cookies[name] ??= pair.slice(equals + 1).trim();
  }
  return cookies;
}
