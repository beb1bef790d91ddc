import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Random } from "../base/random.ts";
import type { Signer } from "../base/signer.ts";
import { hmacSigner } from "../http/hmac_signer.ts";
import { type OriginCheck, originCheck, type OriginPolicy } from "../http/origin.ts";
import type { SessionStore } from "./store.ts";

/** The cookie's attributes (RFC 6265, section 5.2). It is always `HttpOnly`: no script can read it. */
export interface CookieAttributes {
  /** Default: `__Host-session`, which a browser takes from this host alone; `session` where that prefix cannot be. */
  name?: string;
  /** Default: `/`. */
  path?: string;
  /** Default: none, so that no other host gets it. */
  domain?: string;
  /** Default: `Lax`. `None` is for pages of other sites, and needs an `origin` policy that names them. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Whether it goes over TLS alone. Default: `true`. `false` is for development. */
  secure?: boolean;
}

/** What `cookieSessions` takes. One of `secret` and `signer` is needed. */
export interface CookieSessionsOptions {
  /** What cookies are signed with: at least 32 bytes, the same in every process that serves the same clients. */
  secret?: string;
  /** What cookies are signed with, in place of a secret. */
  signer?: Signer;
  /** Where sessions are kept. Default: a `MemorySessionStore` in this process. */
  store?: SessionStore;
  /** The cookie's attributes. */
  cookie?: CookieAttributes;
  /**
   * Which pages may use the cookie: a browser sends it whoever made the page. Default: `same`. A request of another page
   * is nobody's, whatever its cookie says (`cookie_sessions.refused.origin`). `any` is refused: every page of the web
   * could speak for the user.
   */
  origin?: Exclude<OriginPolicy, "any">;
  /** How long a session lasts that is not refreshed, in milliseconds. Default: 86,400,000 (a day). */
  ttlMs?: number;
  /** How long a session lasts however often it is refreshed, in milliseconds. Default: 2,592,000,000 (30 days). */
  maxLifetimeMs?: number;
  /** UTF-16 units of a session's data, as JSON. Default: 4,096. Beyond: `session_too_large`. */
  maxDataLength?: number;
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Where ids come from. Default: the machine's randomness, which cannot be guessed. */
  random?: Random;
  /** Where it is counted what becomes of sessions, e.g. `app.system.counters`. Default: counters of its own. */
  counters?: Counters;
}

/** {@link CookieAttributes}, all decided. */
export interface CookieForm {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: "Strict" | "Lax" | "None";
  readonly secure: boolean;
}

/**
 * Decides what is left open.
 *
 * @throws {TroupeError} `invalid_options` for attributes that browsers refuse.
 */
export function cookieForm(attributes: CookieAttributes = {}): CookieForm {
  const { path = "/", domain, sameSite = "Lax", secure = true } = attributes;
  const mayBeHost = secure && path === "/" && domain === undefined;
  const { name = mayBeHost ? "__Host-session" : "session" } = attributes;
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) refuse("cookie.name", `it is ${JSON.stringify(name)}`, "a token");
  if (!/^\/[!-:<-~]*$/.test(path)) {
    refuse("cookie.path", `it is ${JSON.stringify(path)}`, "a path from /");
  }
  if (domain !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(domain)) {
    refuse("cookie.domain", `it is ${JSON.stringify(domain)}`, "a host name");
  }
  if (name.startsWith("__Host-") && !mayBeHost) {
    refuse("cookie.name", "__Host- does not go with these attributes", "secure, the path / and no domain");
  }
  if (name.startsWith("__Secure-") && !secure) {
    refuse("cookie.name", "__Secure- needs secure", "secure: true");
  }
  if (sameSite === "None" && !secure) refuse("cookie.sameSite", "None needs secure", "secure: true");
  return { name, path, domain, sameSite, secure };
}

/**
 * What cookies are signed with.
 *
 * @throws {TroupeError} `invalid_options` for none or both; `bad_secret` for one that is too short.
 */
export function cookieSigner({ secret, signer }: CookieSessionsOptions): Signer {
  if ((secret === undefined) === (signer === undefined)) {
    refuse("the key", secret === undefined ? "there is none" : "there are two", "one of secret and signer");
  }
  return signer ?? hmacSigner(secret!);
}

/**
 * Which requests are of a page that may use the cookie.
 *
 * @throws {TroupeError} `invalid_options` for all pages; `bad_origin`.
 */
export function cookieOrigins(policy: OriginPolicy = "same"): OriginCheck {
  if (policy === "any") {
    refuse("origin", "every page could speak for the user", "same, a list, or a function");
  }
  const allows = originCheck(policy);
  return (request) => {
    if (!allows(request)) return false;
    if (request.headers.has("origin")) return true;
    // Browsers leave it out of plain requests alone, and say of those where they come from. A link may lead here.
    const site = request.headers.get("sec-fetch-site");
    const isOther = site === "cross-site" || site === "same-site";
    return !isOther || request.headers.get("sec-fetch-mode") === "navigate";
  };
}

/** A duration that makes sense: Max-Age counts in seconds. */
export function atLeastASecond(name: string, valueMs: number): number {
  if (!(valueMs >= 1_000)) refuse(name, `it is ${valueMs}`, "at least 1,000 milliseconds");
  return valueMs;
}

function refuse(option: string, fault: string, accepted: string): never {
  throw new TroupeError(
    "invalid_options",
    `Cannot keep sessions in cookies: at ${option}, ${fault}. Accepted: ${accepted}`,
    { details: { option, accepted } },
  );
}
