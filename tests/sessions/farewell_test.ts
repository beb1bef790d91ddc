import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { farewellFrames } from "../../src/sessions/farewell.ts";
import type { LeaveReason } from "../../src/sessions/topic_handlers.ts";

Deno.test("A channel's end is told where the client does not know of it yet, and counted by its kind", () => {
  const counters = new Counters();
  const owner = { codec: phoenixV2, ports: { counters } } as unknown as Parameters<
    typeof farewellFrames
  >[0]["owner"];
  const told = (reason: LeaveReason) =>
    farewellFrames({ topic: "t", joinRef: "1", owner }, "1", reason).map(({ data }) =>
      JSON.parse(data as string)[3]
    );
  assertEquals(told({ kind: "left" }), ["phx_close"]);
  assertEquals(told({ kind: "stopped" }), ["phx_close"]);
  assertEquals(told({ kind: "kicked", reason: "rude" }), ["troupe:kicked", "phx_close"]);
  assertEquals(told({ kind: "crashed" }), ["phx_error"]);
  for (const kind of ["closed", "expired", "replaced", "shutdown"] as const) assertEquals(told({ kind }), []);
  assertEquals(counters.snapshot(), { "channels.crashed": 1, "channels.expired": 1, "channels.kicked": 1 });
});
