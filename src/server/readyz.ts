/**
 * What the ready server answers to a load balancer that asks whether to send it new clients.
 *
 * @module
 */

import type { Readiness } from "../../mod.ts";

/** Whether new clients are welcome: an `App` is one. */
export interface Asked {
  /** Whether they are, and why not. */
  readonly readiness: Readiness;
}

/** Answers `GET /readyz`: 200 or 503, JSON with the reasons. `null` for every other path. */
export function answerReadiness({ method, url }: Request, app: Asked): Response | null {
  if (new URL(url).pathname !== "/readyz") return null;
  const headers = { "cache-control": "no-store" };
  if (method !== "GET" && method !== "HEAD") {
    return Response.json({ reason: "method_not_allowed" }, {
      status: 405,
      headers: { ...headers, allow: "GET, HEAD" },
    });
  }
  const { readiness } = app;
  return Response.json(readiness, { status: readiness.ready ? 200 : 503, headers });
}
