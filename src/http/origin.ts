import { messageOf, TroupeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Middleware, UpgradeRefusal } from "./middleware.ts";

/**
 * Which pages may open a connection. `same`: those of the host that they connect to. `any`: all. A list holds origins:
 * `https://chat.example`, `//chat.example` (any scheme), `//chat.example:8443`, `//*.example` (any subdomain). A
 * function decides by itself: it says yes with `true`, and with nothing else.
 */
export type OriginPolicy =
  | "same"
  | "any"
  | readonly string[]
  | ((origin: string, request: Request) => boolean);

/** Decides for one request. */
export type OriginCheck = (request: Request) => boolean;

/**
 * Makes the check for a policy. A request without an `Origin` header passes always: it does not come from a page, and
 * could claim any (RFC 6455, section 10.2).
 *
 * @throws {TroupeError} `bad_origin` at once for a list entry that is not an origin.
 */
export function originCheck(policy: OriginPolicy): OriginCheck {
  if (policy === "any") return () => true;
  const allowed = typeof policy === "function" ? policy : policy === "same" ? isSameHost : listed(policy);
  return (request) => {
    const origin = request.headers.get("origin");
    // A promise is no yes: the type forbids one, JavaScript does not.
    return origin === null || allowed(origin, request) === true;
  };
}

/** Why a page of this request's origin may not connect; `null` if it may. A check that throws lets nobody in. */
export function originFault(allows: OriginCheck, request: Request, logger: Logger): UpgradeRefusal | null {
  try {
    if (allows(request)) return null;
    return { status: 403, reason: "origin_not_allowed", details: { origin: request.headers.get("origin") } };
  } catch (error) {
    logger.log("error", "the origin check failed", { error: messageOf(error) });
    return { status: 500, reason: "origin_check_failed" };
  }
}

/** Refuses pages of other origins, with 403. */
export function originGuard(allows: OriginCheck, logger: Logger): Middleware {
  return { name: "origin", upgrade: ({ request }) => originFault(allows, request, logger) };
}

function isSameHost(origin: string, request: Request): boolean {
  const page = parse(origin);
  if (page === null) return false;
  const host = request.headers.get("host") ?? new URL(request.url).host;
  // With the page's scheme, so that a default port counts as none on both sides.
  return page.host !== "" && page.host === parse(`${page.protocol}//${host}`)?.host;
}

function listed(entries: readonly string[]): (origin: string) => boolean {
  const matchers = entries.map(matcher);
  return (origin) => {
    const url = parse(origin);
    return url !== null && matchers.some((matches) => matches(url));
  };
}

function matcher(entry: string): (origin: URL) => boolean {
  const anyScheme = entry.startsWith("//");
  const wildcard = /^(?:[a-z][a-z0-9+.-]*:)?\/\/\*\./i.test(entry);
  const url = parse((anyScheme ? `http:${entry}` : entry).replace("//*.", "//"));
  if (url === null || url.host === "" || !/^\/?$/.test(url.pathname + url.search + url.hash + url.username)) {
    throw new TroupeError(
      "bad_origin",
      `Cannot allow the origin ${
        JSON.stringify(entry)
      }: accepted are https://host, //host, //host:port and //*.host`,
      { details: { entry } },
    );
  }
  const anyPort = anyScheme && !/:\d+\/?$/.test(entry);
  const port = /:(\d+)\/?$/.exec(entry)?.[1] ?? portOf(url);
  return (origin) =>
    (anyScheme || origin.protocol === url.protocol) &&
    (anyPort || portOf(origin) === port) &&
    (wildcard ? origin.hostname.endsWith(`.${url.hostname}`) : origin.hostname === url.hostname);
}

/** The port, the scheme's own where the URL names none. */
function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : url.protocol === "http:" ? "80" : "";
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
