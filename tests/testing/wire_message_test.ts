import { assertEquals } from "@std/assert";
import { type Inbound, phoenixV21 } from "../../src/protocol/mod.ts";
import { readMessages, writeMessage } from "../../src/testing/wire_message.ts";

const BYTES = new Uint8Array([1, 2]);

Deno.test("What a test client writes is what the server reads", () => {
  const read: Inbound[] = [];
  for (const payload of [{ text: "hi" }, BYTES]) {
    phoenixV21.decode(writeMessage("1", "2", "room:1", "say", payload), (message) => read.push(message));
  }
  assertEquals(
    read.map(({ joinRef, ref, topic, event, payload }) => [joinRef, ref, topic, event, payload]),
    [["1", "2", "room:1", "say", { text: "hi" }], ["1", "2", "room:1", "say", BYTES]],
  );
});

Deno.test("What the server writes is what a test client reads, batches and positions included", () => {
  const position = { epoch: "e", offset: 7 };
  const publication = phoenixV21.publication("room:1", "said", { n: 1 }, position);
  const push = phoenixV21.push("1", "room:1", "said", { n: 2 });
  const common = { topic: "room:1", event: "said" };
  const published = { ...common, joinRef: null, ref: null, payload: { n: 1 }, offset: 7 };
  const pushed = { ...common, joinRef: "1", ref: null, payload: { n: 2 }, offset: null };
  assertEquals(readMessages(publication.data), [published]);
  assertEquals(readMessages(phoenixV21.join!([publication, push]).data), [published, pushed]);
  assertEquals(readMessages(phoenixV21.publication("room:1", "said", BYTES, position).data), [
    { ...published, payload: BYTES },
  ]);
  assertEquals(readMessages(phoenixV21.push("1", "room:1", "said", BYTES).data), [{
    ...pushed,
    payload: BYTES,
  }]);
  const reply = { ...common, event: "phx_reply", joinRef: "1", ref: "2", offset: null };
  for (const response of [{ id: "7" }, BYTES]) {
    assertEquals(readMessages(phoenixV21.reply("1", "2", "room:1", "ok", response).data), [
      { ...reply, payload: { status: "ok", response } },
    ]);
  }
});
