import type { Refusal } from "./transport.ts";

/** Why `request` is no WebSocket handshake (RFC 6455, sections 4.2.1 and 4.4); `null` if it is one. */
export function handshakeFault(request: Request): Refusal | null {
  if (request.method !== "GET") {
    const headers = { allow: "GET" };
    return fault(405, "method_not_allowed", `a WebSocket handshake is a GET, got ${request.method}`, headers);
  }
  const upgrade = { upgrade: "websocket" };
  if (!hasToken(request.headers.get("connection"), "upgrade")) {
    return fault(426, "upgrade_required", "the connection header must hold upgrade", upgrade);
  }
  if (!hasToken(request.headers.get("upgrade"), "websocket")) {
    return fault(426, "upgrade_required", "the upgrade header must hold websocket", upgrade);
  }
  const version = request.headers.get("sec-websocket-version");
  if (version !== "13") {
    const headers = { ...upgrade, "sec-websocket-version": "13" };
    return fault(
      426,
      "bad_websocket_version",
      `sec-websocket-version must be 13, got ${version ?? "none"}`,
      headers,
    );
  }
  if (request.headers.has("sec-websocket-key")) return null;
  return fault(400, "bad_handshake", "the sec-websocket-key header is absent", {});
}

function fault(status: number, reason: string, message: string, headers: Record<string, string>): Refusal {
  return { status, reason, details: { message }, headers };
}

function hasToken(header: string | null, token: string): boolean {
  const text = header?.toLowerCase();
  return text === token || (text?.split(",").some((part) => part.trim() === token) ?? false);
}
