/**
 * What the ready server answers to plain HTTP: the chat page, what belongs to it, and the health check.
 *
 * @module
 */

import script from "./page/chat.bundle.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import page from "./page/index.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import tabs from "./page/tabs.bundle.js" with { type: "text" };

interface Document {
  readonly type: string;
  readonly text: string;
}

const DOCUMENTS: ReadonlyMap<string, Document> = new Map([
  ["/", { type: "text/html; charset=utf-8", text: page }],
  ["/chat.js", { type: "text/javascript; charset=utf-8", text: script }],
  ["/tabs.js", { type: "text/javascript; charset=utf-8", text: tabs }],
  ["/style.css", { type: "text/css; charset=utf-8", text: style }],
  ["/icon.svg", { type: "image/svg+xml", text: icon }],
  ["/healthz", { type: "text/plain; charset=utf-8", text: "ok\n" }],
]);

/**
 * Everything that the page loads comes from this server; nothing is inline, nothing may frame it or post from it. The
 * WebSocket counts as the same origin (Content Security Policy Level 3, section 6.7.2.8).
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Answers a request that is no WebSocket handshake: 200, 404 for an unknown path, 405 for other methods than GET. */
export function answerSite({ method, url }: Request): Response {
  const document = DOCUMENTS.get(new URL(url).pathname);
  if (document === undefined) return refusal(404, "not_found");
  if (method !== "GET" && method !== "HEAD") {
    return refusal(405, "method_not_allowed", { allow: "GET, HEAD" });
  }
  // The runtime leaves the body out of the answer to a HEAD, and keeps its length.
  return new Response(document.text, { headers: { ...HEADERS, "content-type": document.type } });
}

function refusal(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ reason }, { status, headers: { ...HEADERS, ...headers } });
}
