import { assertEquals } from "@std/assert";
import type { Inbound } from "../../src/protocol/codec.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { ConnectionInfo } from "../../src/sessions/connection_info.ts";
import { CONTROL_TOPIC, controlPush, ControlTopic } from "../../src/sessions/control.ts";

/** A session that remembers its replies. */
function session() {
  const replies: unknown[] = [];
  return {
    replies,
    user: { id: "ada" },
    authorizations: 1,
    info: new ConnectionInfo("c", "http://app.example/", new Headers(), "", ""),
    get current() {
      return this;
    },
    reply: (...reply: unknown[]) => void replies.push(reply),
  };
}

function message(event: string): Inbound {
  return { joinRef: null, ref: "7", topic: CONTROL_TOPIC, event, payload: {} };
}

Deno.test("A control message goes to the handler of its event, and to no other", () => {
  const topic = new ControlTopic();
  const seen: string[] = [];
  for (const event of ["troupe:a", "troupe:b"]) topic.on(event, ({ event }) => void seen.push(event));
  const ada = session();
  topic.receive(message("troupe:b"), ada);
  assertEquals([seen, ada.replies], [["troupe:b"], []]);
});

Deno.test("What has no handler is answered: a join with reserved_topic, a leave with ok, the rest with unknown_event", () => {
  const topic = new ControlTopic();
  topic.on("troupe:a", () => {});
  const ada = session();
  for (const event of ["phx_join", "phx_leave", "shout"]) topic.receive(message(event), ada);
  const refusal = (reason: string, event: string) => ({ reason, event, accepted: ["troupe:a"] });
  assertEquals(ada.replies, [
    [null, "7", "troupe", "error", refusal("reserved_topic", "phx_join")],
    [null, "7", "troupe", "ok", {}],
    [null, "7", "troupe", "error", refusal("unknown_event", "shout")],
  ]);
});

Deno.test("A control push belongs to no channel, in every version of the wire", () => {
  assertEquals(controlPush(phoenixV2, "troupe:a", { n: 1 }).data, '[null,null,"troupe","troupe:a",{"n":1}]');
  assertEquals(JSON.parse(controlPush(phoenixV1, "troupe:a", { n: 1 }).data as string), {
    event: "troupe:a",
    payload: { n: 1 },
    ref: null,
    topic: "troupe",
  });
});
