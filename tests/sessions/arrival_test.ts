import { assertEquals } from "@std/assert";
import { Frame } from "../../src/protocol/frame.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { Arrival } from "../../src/sessions/arrival.ts";

const message = { joinRef: null, ref: "2", topic: "room:1", event: "phx_join", payload: {} };

Deno.test("Arrival keeps what is said before the answer, in order, each apart from the others", () => {
  const [a, b] = [new Arrival(message), new Arrival(message)];
  const frames = ["1", "2", "3"].map((data) => new Frame(data));
  for (const frame of frames) a.write(frame);
  assertEquals(a.behind.map(({ frame }) => frame), frames);
  assertEquals(b.behind, []);
});

Deno.test("Arrival answers with the refs as they came, and names the incarnation by what there is", () => {
  const arrival = new Arrival(message);
  assertEquals(arrival.joinRef, "2");
  assertEquals(new Arrival({ ...message, joinRef: "1" }).joinRef, "1");
  const { data } = arrival.reply(phoenixV2, "error", { reason: "no" });
  assertEquals(data, '[null,"2","room:1","phx_reply",{"response":{"reason":"no"},"status":"error"}]');
});
