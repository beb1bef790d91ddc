import { getCookies } from "@std/http/cookie";

/** What a request says about who sends it. None of it is verified. */
export interface Credentials {
  /** The token: phoenix's `authToken`, else the `Authorization: Bearer` header; `null` for none. */
  readonly token: string | null;
  /** The cookies, by name. */
  readonly cookies: Readonly<Record<string, string>>;
  /** The query parameters, by name, the first of each: what phoenix sends as `params`. */
  readonly params: Readonly<Record<string, string>>;
}

/** Reads the credentials of a request. `subProtocolToken`: the token that came as a sub-protocol, if any. */
export function readCredentials(request: Request, url: URL, subProtocolToken: string | null): Credentials {
  const params: Record<string, string> = Object.create(null);
  for (const [name, value] of url.searchParams) params[name] ??= value;
  return { token: subProtocolToken ?? bearer(request), cookies: getCookies(request.headers), params };
}

function bearer(request: Request): string | null {
  return /^bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}
