/**
 * An HTTP answer that says no: JSON with a stable `reason`, and whatever helps.
 *
 * @param status The HTTP status.
 * @param reason A stable code in snake_case.
 * @param details What was asked, what came, what is accepted. Never secrets.
 */
export function refusalResponse(
  status: number,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ reason, ...details }, {
    status,
    headers: { "cache-control": "no-store", ...headers },
  });
}
