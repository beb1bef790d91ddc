/** Cookie authentication, and pages of other sites (cross-site WebSocket hijacking). */

import { assertEquals, assertThrows } from "@std/assert";
import { App, type AppOptions, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";

const PATH = "/socket/websocket?vsn=2.0.0";
const COOKIE = { cookie: "session=s1" };

/** An app that knows its users by a cookie, and what it was shown. */
function stage(options: Pick<AppOptions, "origin" | "cookies"> = {}) {
  const seen: (string | null)[] = [];
  const kit: AppKit = new AppKit({
    ...options,
    authenticate({ cookies, request }) {
      seen.push(request.headers.get("cookie"));
      return cookies.session === undefined ? null : { id: cookies.session };
    },
  });
  return { kit, seen };
}

async function answerOf(kit: AppKit, headers: Record<string, string>): Promise<unknown> {
  const result = await kit.tryConnect(PATH, headers);
  return result instanceof Response ? [result.status, await result.json()] : "let in";
}

const WITHHELD = [
  403,
  {
    reason: "not_authenticated",
    cookies: "not believed: they come without an origin that is allowed by name",
  },
];

Deno.test("A page of the app's own origin is let in by its cookie", async () => {
  const { kit, seen } = stage();
  await using _ = kit;
  assertEquals(await answerOf(kit, { ...COOKIE, origin: "http://app.example" }), "let in");
  assertEquals(seen, ["session=s1"]);
});

Deno.test("A page of another site is refused, and its visitor's cookie is not even looked at", async () => {
  const { kit, seen } = stage();
  await using _ = kit;
  const evil = { ...COOKIE, origin: "https://evil.example" };
  assertEquals(await answerOf(kit, evil), [
    403,
    { reason: "origin_not_allowed", origin: "https://evil.example" },
  ]);
  assertEquals(seen, []);
});

Deno.test("Where any origin may connect, nobody is let in by a cookie, and the refusal says why", async () => {
  const { kit, seen } = stage({ origin: "any" });
  await using _ = kit;
  for (const origin of ["https://evil.example", "http://app.example"]) {
    assertEquals(await answerOf(kit, { ...COOKIE, origin }), WITHHELD);
  }
  assertEquals(seen, [null, null]);
  assertEquals(kit.app.system.counters.get("cookies.withheld"), 2);
});

Deno.test("A request that names no origin is not let in by a cookie, unless its browser calls it same-origin", async () => {
  const { kit } = stage();
  await using _ = kit;
  assertEquals(await answerOf(kit, COOKIE), WITHHELD);
  assertEquals(await answerOf(kit, { ...COOKIE, "sec-fetch-site": "cross-site" }), WITHHELD);
  assertEquals(await answerOf(kit, { ...COOKIE, "sec-fetch-site": "same-origin" }), "let in");
});

Deno.test("Cookies that are not believed are not in the connection's headers either", async () => {
  const cookies: (string | null)[] = [];
  await using kit = new AppKit({ origin: "any" });
  kit.app.component("/raw", { open: (conn) => void cookies.push(conn.headers.get("cookie")) });
  await kit.connect("/raw", COOKIE);
  assertEquals(cookies, [null]);
});

Deno.test("Without a cookie, a refusal says nothing of cookies", async () => {
  const { kit } = stage({ origin: "any" });
  await using _ = kit;
  assertEquals(await answerOf(kit, {}), [403, { reason: "not_authenticated" }]);
});

Deno.test("any-origin believes cookies whoever sends them", async () => {
  const { kit } = stage({ origin: "any", cookies: "any-origin" });
  await using _ = kit;
  assertEquals(await answerOf(kit, { ...COOKIE, origin: "https://elsewhere.example" }), "let in");
});

Deno.test("Asking for cookies of allowed origins where any origin may connect fails at start, also at a mount", () => {
  const code = (start: () => unknown): string => assertThrows(start, TroupeError).code;
  assertEquals(code(() => new App({ origin: "any", cookies: "allowed-origins" })), "cookies_need_origins");
  const app = new App({ cookies: "allowed-origins" });
  assertEquals(code(() => app.socket("/open", { origin: "any" })), "cookies_need_origins");
  assertEquals(code(() => new App({ cookies: "all" as never })), "invalid_options");
});
