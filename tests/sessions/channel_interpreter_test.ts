import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";
import type { Codec } from "../../src/protocol/codec.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { connect } from "./client.ts";

Deno.test("Malformed input: 1007 with a reason that names the fault, in at most 123 bytes", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {});
  const faults: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["", "empty"],
    ["no json", "not JSON"],
    ["{}", "a message is"],
    ['["1","2","room:1"]', "an array of 3"],
    ['["1","2","","e",{}]', "topic"],
    [`["1","2",7,"${"é".repeat(500)}",{}]`, "topic"],
    [new Uint8Array([9]), "kind 9"],
    [new Uint8Array(), "empty"],
  ];
  const bystander = await connect(kit);
  for (const [data, reason] of faults) {
    const client = await connect(kit);
    client.connection.send(data);
    await kit.settle();
    assertEquals(client.closed?.code, 1007);
    assertStringIncludes(client.closed!.reason, reason);
    assert(new TextEncoder().encode(client.closed!.reason).length <= 123);
  }
  assertEquals(bystander.closed, null);
  assertEquals(kit.app.system.counters.get("connections.malformed"), faults.length);
});

Deno.test("Malformed input: a batch with one bad message has no effect at all", async () => {
  await using kit = new AppKit();
  const joins: string[] = [];
  kit.app.topic("room:*", { join: (ctx) => void joins.push(ctx.topic) });
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.raw('[["1","1","room:1","phx_join",{}],["2","2",7,"phx_join",{}]]');
  await kit.settle();
  assertEquals(client.closed?.code, 1007);
  assertEquals(joins, []);
});

Deno.test("A codec that breaks its contract closes that connection alone, with 1011", async () => {
  const broken: Codec = {
    ...phoenixV2,
    name: "broken/9.0.0",
    decode() {
      throw new RangeError("boom");
    },
  };
  await using kit = new AppKit({ codecs: [phoenixV2, broken] });
  const [client, bystander] = [await connect(kit, "/socket/websocket?vsn=9.0.0"), await connect(kit)];
  client.raw("anything");
  const ref = bystander.push("phoenix", "heartbeat");
  await kit.settle();
  assertEquals(client.closed, { code: 1011, reason: "internal error" });
  assertEquals(bystander.takeBrief(), [`ok:${ref}`]);
  assertEquals(kit.app.system.counters.get("connections.crashed"), 1);
});
