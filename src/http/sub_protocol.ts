/** What a client's `Sec-WebSocket-Protocol` header comes to. */
export interface SubProtocol {
  /** The protocol to name in the answer; `null` for none. */
  readonly chosen: string | null;
  /** The token that came along, as phoenix 1.8 sends its `authToken`; `null` for none. */
  readonly token: string | null;
}

/** How phoenix 1.8 sends a token in a browser, where a WebSocket can have no other headers. */
const BEARER_PREFIX = "base64url.bearer.phx.";

/**
 * Chooses a sub-protocol: the first of `accepted` that the client offers. Without any accepted, none is chosen, except
 * that an offer with a token is answered with `phoenix`, or the browser would fail the connection.
 *
 * @returns `null` if the client offers some, and none of them is accepted: refuse with status 403 (strict, as Ratchet).
 */
export function chooseSubProtocol(header: string | null, accepted: readonly string[]): SubProtocol | null {
  if (header === null) return { chosen: null, token: null };
  const offers = header.split(",").map((offer) => offer.trim()).filter((offer) => offer !== "");
  const bearer = offers.find((offer) => offer.startsWith(BEARER_PREFIX));
  const token = bearer === undefined ? null : decodeToken(bearer.slice(BEARER_PREFIX.length));
  const named = offers.filter((offer) => !offer.startsWith(BEARER_PREFIX));
  if (accepted.length > 0) {
    const chosen = accepted.find((name) => named.includes(name));
    if (chosen !== undefined) return { chosen, token };
    const onlyPhoenix = bearer !== undefined && named.every((name) => name === "phoenix");
    return named.length === 0 || onlyPhoenix ? { chosen: named[0] ?? null, token } : null;
  }
  return { chosen: bearer !== undefined && named.includes("phoenix") ? "phoenix" : null, token };
}

/** Both base64 alphabets, padding optional: phoenix says base64url and sends `btoa`. `null` if it is neither. */
function decodeToken(text: string): string | null {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(binary, (char) => char.charCodeAt(0)),
    );
  } catch {
    return null;
  }
}
