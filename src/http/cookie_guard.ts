import { TroupeError } from "../base/errors.ts";
import type { OriginPolicy } from "./origin.ts";

/**
 * Whose cookies are believed. `allowed-origins`: those of requests whose `Origin` the origin policy names, and of those
 * without one that a browser marks as of the same origin. `any-origin`: all; any page in a visitor's browser can then
 * act in the visitor's name, unless something else keeps it from that, e.g. `SameSite` cookies.
 */
export type CookiePolicy = "allowed-origins" | "any-origin";

/** Decides for one request that the origin check lets pass. */
export type CookieCheck = (request: Request) => boolean;

/**
 * Makes the check that keeps pages of other sites from acting in a visitor's name (cross-site WebSocket hijacking):
 * browsers send cookies along with a WebSocket handshake, whichever page makes it, and always name that page's origin
 * (RFC 6455, section 10.2). With the origin policy `any` no cookie is believed. Neither are those of a request that names no
 * origin, unless its browser says `Sec-Fetch-Site: same-origin` (Fetch Metadata): a page's own long-poll is such a one.
 *
 * @param policy Which pages may connect.
 * @param cookies Whose cookies are believed. `undefined`: `allowed-origins`, where the policy allows it.
 * @throws {TroupeError} `cookies_need_origins` where `allowed-origins` is asked for, and the policy is `any`.
 */
export function cookieCheck(policy: OriginPolicy, cookies: CookiePolicy | undefined): CookieCheck {
  if (cookies === "any-origin") return () => true;
  if (policy === "any") {
    if (cookies === undefined) return () => false;
    throw new TroupeError(
      "cookies_need_origins",
      `Cannot believe cookies of allowed origins where the origin is "any": name the origins, ` +
        `or leave the option cookies out, and no cookie is believed`,
      { details: { origin: policy, cookies } },
    );
  }
  return ({ headers }) => headers.has("origin") || headers.get("sec-fetch-site") === "same-origin";
}

/** The request as `authenticate` may see it, without its cookies and without its body, which belongs to the transport. */
export function withoutCookies(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete("cookie");
  return new Request(request.url, { method: request.method, headers });
}
