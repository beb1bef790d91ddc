import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { ServerSentEventParseStream } from "@std/http/server-sent-event-parse-stream";
import { ServerSentEventStream } from "@std/http/server-sent-event-stream";
import fc from "fast-check";
import { TroupeError } from "../../mod.ts";
import { CLOSE_CODES } from "../../src/protocol/close_codes.ts";
import { type Codec, type Inbound, MalformedMessage } from "../../src/protocol/codec.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import {
  closeEvent,
  formatPosition,
  mayComeBack,
  parsePosition,
  SSE_CONTROL_TOPIC,
  sseCodec,
  sseComment,
  SseEnd,
  sseEvent,
  sseMessage,
  SseReply,
  STAY_AWAY,
} from "../../src/protocol/sse.ts";
import { CONTROL_TOPIC } from "../../src/sessions/control.ts";

const codec: Codec = sseCodec;

const textOf = ({ data }: Frame): string => typeof data === "string" ? data : new TextDecoder().decode(data);

/** What an `EventSource` would make of the bytes, by std's parser. */
async function parsed(...bytes: Uint8Array<ArrayBuffer>[]): Promise<unknown[]> {
  return await Array.fromAsync(ReadableStream.from(bytes).pipeThrough(new ServerSentEventParseStream()));
}

function decode(text: string): Inbound {
  const messages: Inbound[] = [];
  codec.decode(text, (message) => messages.push(message));
  assertEquals(messages.length, 1);
  return messages[0];
}

Deno.test("SSE: a publication is an event with its name, its payload as JSON, and its position as the id", () => {
  assertEquals(
    textOf(codec.publication("room:1", "said", { text: "hé\nyou" }, { epoch: "e1", offset: 7 })),
    'event: said\nid: e1:7\ndata: {"text":"hé\\nyou"}\n\n',
  );
  assertEquals(textOf(codec.publication("room:1", "said", undefined, null)), "event: said\ndata: {}\n\n");
  assertEquals(textOf(codec.push("0", "room:1", "pushed", [1])), "event: pushed\ndata: [1]\n\n");
});

Deno.test("SSE: what the codec writes is what std's stream would write, and std's parser reads it back", async () => {
  await fc.assert(fc.asyncProperty(
    fc.string({ unit: "grapheme" }).filter((name) =>
      name !== "" && name.isWellFormed() && !/[\r\n]/.test(name)
    ),
    fc.jsonValue(),
    fc.option(fc.nat()),
    async (event, payload, offset) => {
      const position = offset === null ? null : { epoch: "e", offset: offset + 1 };
      const frame = codec.publication("room:1", event, payload, position);
      const [ours] = await parsed(frame.data as Uint8Array<ArrayBuffer>);
      const message = {
        event,
        data: JSON.stringify(payload),
        ...(position !== null && { id: formatPosition(position) }),
      };
      if (event.startsWith(" ")) return; // std writes no space of its own before it, and loses it
      const theirs = await Array.fromAsync(
        ReadableStream.from([message]).pipeThrough(new ServerSentEventStream()),
      );
      assertEquals(ours, message);
      assertEquals(await parsed(...theirs), [ours]);
    },
  ));
});

Deno.test("SSE: bytes go as the other transports of text have them", () => {
  const bytes = new Uint8Array([0, 0xde, 0xad, 0xbe, 0xef]);
  for (const view of [bytes.subarray(1), new DataView(bytes.buffer, 1), bytes.slice(1).buffer]) {
    const event = 'event: img\ndata: {"troupe:bytes":"3q2+7w=="}\n\n';
    assertEquals(textOf(codec.publication("room:1", "img", view, null)), event);
  }
  const reply = codec.reply("0", "1", "room:1", "ok", bytes);
  assertEquals(textOf(reply), '{"status":"ok","response":{"troupe:bytes":"AN6tvu8="}}');
});

Deno.test("SSE: what a stream cannot carry fails at its author", () => {
  for (const event of ["a\nb", "a\rb", "\n"]) {
    const error = assertThrows(() => codec.publication("room:1", event, {}, null), TroupeError, "line break");
    assertEquals(error.code, "unencodable_payload");
  }
  assertThrows(() => codec.push("0", "room:1", "x", () => {}), TroupeError, "no JSON form");
});

Deno.test("SSE: a reply is no event, but the body of an answer", () => {
  const reply = codec.reply("0", "7", "room:1", "error", { reason: "no" });
  assertInstanceOf(reply, SseReply);
  assertEquals([reply.ref, reply.status, reply.response], ["7", "error", { reason: "no" }]);
  assertEquals(reply.data, '{"status":"error","response":{"reason":"no"}}');
});

Deno.test("SSE: the end of the channel is the end of the stream; after a crash the client comes back", async () => {
  const [left, crashed] = [
    codec.ended("0", "room:1", "phx_close", {}),
    codec.ended("0", "room:1", "phx_error", { reason: "channel_crash" }),
  ];
  assertInstanceOf(left, SseEnd);
  assertInstanceOf(crashed, SseEnd);
  assertEquals([left.code, crashed.code, crashed.reason], [1000, 1011, "channel_crash"]);
  assertEquals(await parsed(left.data as Uint8Array<ArrayBuffer>, crashed.data as Uint8Array<ArrayBuffer>), [
    { event: "troupe:close", id: STAY_AWAY, data: '{"code":1000,"reason":"the channel has ended"}' },
    { event: "troupe:close", data: '{"code":1011,"reason":"channel_crash"}' },
  ]);
});

Deno.test("SSE: the last event has the id that keeps clients away, after the codes that mean it", async () => {
  for (const { code, retry } of CLOSE_CODES) {
    assertEquals(mayComeBack(code), retry);
    const [event] = await parsed(closeEvent(code, "x")) as { id?: string }[];
    assertEquals(event.id, retry ? undefined : STAY_AWAY);
  }
  assert(mayComeBack(4000));
  assertEquals(parsePosition(STAY_AWAY), null);
});

Deno.test("SSE: a server that is about to go says when to come back, in the field that EventSource reads", async () => {
  const going = codec.publication(CONTROL_TOPIC, "troupe:going-away", { reconnectAfterMs: 1234.5 }, null);
  assertEquals(await parsed(going.data as Uint8Array<ArrayBuffer>), [
    { event: "troupe:going-away", retry: 1235, data: '{"reconnectAfterMs":1234.5}' },
  ]);
  const odd = codec.push("0", "room:1", "troupe:going-away", { reconnectAfterMs: "soon" });
  assert(!textOf(odd).includes("retry"));
});

Deno.test("SSE: events and comments have their fields", async () => {
  assertEquals(await parsed(sseEvent("a", "1", "x:1", 500), sseComment("keep-alive"), sseComment("hi", 20)), [
    { event: "a", id: "x:1", retry: 500, data: "1" },
    { comment: " keep-alive" },
    { comment: " hi", retry: 20 },
  ]);
});

Deno.test("SSE: a client's message is decoded, and a join claims the position that the client came with", () => {
  assertEquals(decode(sseMessage("3", "room:1", '{"event":"say","payload":{"text":"hi"},"more":1}')), {
    joinRef: "0",
    ref: "3",
    topic: "room:1",
    event: "say",
    payload: { text: "hi" },
  });
  assertEquals(decode(sseMessage(null, "room:1", '{"event":"say"}')).payload, {});
  assertEquals(decode(sseMessage(null, "room:1", '{"event":"say"}')).ref, null);
  const join = decode(sseMessage("0", "room:1", '{"event":"phx_join"}', "some:epoch:12"));
  assertEquals(join.after, { epoch: "some:epoch", offset: 12 });
  assertEquals("after" in decode(sseMessage("0", "room:1", '{"event":"phx_join"}', "nonsense")), false);
});

Deno.test("SSE: a client speaks to its stream's topic, or about the connection itself, and to nobody else", () => {
  assertEquals(SSE_CONTROL_TOPIC, CONTROL_TOPIC);
  const says = (topic: string): Inbound =>
    decode(sseMessage("3", "room:1", JSON.stringify({ topic, event: "troupe:refresh" })));
  for (const topic of ["room:1", CONTROL_TOPIC]) assertEquals(says(topic).topic, topic);
  assertThrows(() => says("room:2"), MalformedMessage, 'got "room:2"');
});

Deno.test("SSE: positions are written and read back; everything else is no position", () => {
  fc.assert(fc.property(
    fc.string({ minLength: 1, maxLength: 128 }).filter((epoch) => !/[\r\n\u2028\u2029]/.test(epoch)),
    fc.integer({ min: 0 }), // 0: before the first
    (epoch, offset) => assertEquals(parsePosition(formatPosition({ epoch, offset })), { epoch, offset }),
  ));
  const others = [
    "",
    "7",
    ":7",
    "e:",
    "e:00",
    "e:01",
    "e:-1",
    "e:1.5",
    "e:1e3",
    "e:9007199254740993",
    "e".repeat(200) + ":1",
  ];
  for (const id of others) assertEquals(parsePosition(id), null, id);
});

Deno.test("SSE: whatever comes in is a message or malformed, and nothing else", () => {
  const faults: [string | Uint8Array<ArrayBuffer>, string][] = [
    [new Uint8Array(3), "text"],
    ["", "a line of its own"],
    ["{}\n{}", "must be an array"],
    ["[null]\n{}", "must be a non-empty string"],
    ['[1,"t"]\n{"event":"e"}', "ref must be"],
    ['[null,""]\n{"event":"e"}', "topic must be"],
    ['[null,"t"]\n', "the message is empty"],
    ['[null,"t"]\n[]', "got an array of 0"],
    ['[null,"t"]\n{}', "event must be"],
    ['[null,"t"]\n{"event":7}', "got 7"],
  ];
  for (const [data, fault] of faults) {
    const error = assertThrows(() => codec.decode(data, () => {}), MalformedMessage);
    assertStringIncludes(error.message, fault);
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), fc.oneof(fc.string(), fc.json()), (head, body) => {
    try {
      codec.decode(`${head}\n${body}`, () => {});
    } catch (error) {
      assertInstanceOf(error, MalformedMessage);
    }
  }));
});
