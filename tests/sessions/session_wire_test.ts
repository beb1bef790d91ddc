import { assertEquals } from "@std/assert";
import type { Inbound } from "../../src/protocol/codec.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { Arrival } from "../../src/sessions/arrival.ts";
import { grantingFrames, readClaim } from "../../src/sessions/session_wire.ts";

const join = (payload: unknown): Inbound => ({
  joinRef: "1",
  ref: "2",
  topic: "room:1",
  event: "phx_join",
  payload,
});

Deno.test("A claim is taken out of the payload of a join, whatever it is; the contract does not see it", () => {
  const claiming = readClaim(join({ a: 1, "troupe:session": "s", ["__proto__"]: 2 }));
  assertEquals(claiming, { message: join({ a: 1, ["__proto__"]: 2 }), secret: "s" });
  assertEquals(readClaim(join({ "troupe:session": null }))?.secret, null);
  for (const payload of [{}, null, "text", 7, [], new Uint8Array([1]), { troupe: { session: "s" } }]) {
    assertEquals(readClaim(join(payload)), null);
  }
});

Deno.test("The answer to a join carries the secret where it is a plain object; a push behind it does where it is not", () => {
  const arrival = new Arrival(join({}));
  const granted = (response: unknown, secret: string | null, missed: number | null) =>
    grantingFrames(arrival, phoenixV2, response, { secret, missed }).map(({ data }) =>
      JSON.parse(data as string)
    );
  const reply = (response: unknown) => ["1", "2", "room:1", "phx_reply", { response, status: "ok" }];
  const push = (event: string, payload: unknown) => ["1", null, "room:1", event, payload];
  assertEquals(granted({ a: 1 }, null, null), [reply({ a: 1 })]);
  assertEquals(granted({ a: 1, troupe: 2 }, "s", null), [reply({ a: 1, troupe: { session: "s" } })]);
  assertEquals(granted({}, "s", 0), [reply({ troupe: { session: "s", resumed: true } })]);
  assertEquals(granted([1], "s", 2), [
    reply([1]),
    push("troupe:session", { session: "s", resumed: true }),
    push("troupe:missed", { count: 2, from: null, to: null }),
  ]);
  for (const [response, shown] of [["text", "text"], [null, null], [new Date(0), new Date(0).toJSON()]]) {
    assertEquals(granted(response, "s", null), [reply(shown), push("troupe:session", { session: "s" })]);
  }
  class Point {
    x = 1;
  }
  assertEquals(granted(new Point(), "s", null)[0], reply({ x: 1 }));
  const [v1] = grantingFrames(arrival, phoenixV1, {}, { secret: "s", missed: null });
  assertEquals(JSON.parse(v1.data as string).payload.response, { troupe: { session: "s" } });
});
