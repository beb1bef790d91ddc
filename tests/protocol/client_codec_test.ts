import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows, fail } from "@std/assert";
import * as fc from "fast-check";
import { type Message, Serializer, Socket } from "phoenix";
import { type ClientCodec, createCodec, MAX_POSITIONS } from "../../src/protocol/client_codec.ts";
import { Frame, MalformedMessage } from "../../src/protocol/codec.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { anyBytes, anyJson, anyName, anyRef, bytesFrom, decodeAll, received } from "./fixtures.ts";

function publication(topic: string, offset: number, payload: unknown = {}): Frame {
  return phoenixV21.publication(topic, "said", payload, { epoch: "e", offset });
}

function batch(...frames: Frame[]): Frame {
  return phoenixV21.join?.(frames) ?? frames[0];
}

function send(codec: ClientCodec, event: string, topic: string, joinRef: string, ref = joinRef): void {
  codec.encode({ join_ref: joinRef, ref, topic, event, payload: {} }, () => {});
}

function receive(codec: ClientCodec, frame: Frame): Message[] {
  const messages: Message[] = [];
  codec.decode(received(frame), (message) => messages.push(message));
  return messages;
}

function join(codec: ClientCodec, topic: string, joinRef: string): void {
  send(codec, "phx_join", topic, joinRef);
  receive(codec, phoenixV21.reply(joinRef, joinRef, topic, "ok", {}));
}

function throwing(topic: string): (message: { readonly topic: string }) => void {
  return (message) => {
    if (message.topic === topic) throw new Error(`handler of ${topic}`);
  };
}

Deno.test("the client codec sends what the published client's own encoder sends", () => {
  const anyPayload = fc.oneof(
    anyJson.filter((value) => value !== null),
    anyBytes.map((bytes) => bytes.buffer),
  );
  fc.assert(
    fc.property(anyRef, anyRef, anyName, anyName, anyPayload, (join_ref, ref, topic, event, payload) => {
      const sent: (string | ArrayBuffer)[] = [];
      const message = { join_ref, ref, topic, event, payload };
      // The stock encoder writes the word "null"'s absence as an empty string only if it is given undefined.
      const binary = payload instanceof ArrayBuffer;
      const stock = binary ? { ...message, join_ref: join_ref ?? "", ref: ref ?? "" } : message;
      Serializer.encode(stock, (data) => sent.push(data));
      createCodec().encode(message, (data) => sent.push(data));
      assertEquals(sent[1], sent[0]);
    }),
  );
});

Deno.test("the client codec sends a heartbeat, which has no join_ref", () => {
  const sent: unknown[] = [];
  createCodec().encode(
    { topic: "phoenix", event: "heartbeat", payload: {}, ref: "4" },
    (data) => sent.push(data),
  );
  assertEquals(sent, ['[null,"4","phoenix","heartbeat",{}]']);
});

Deno.test("the client codec sends a typed array as bytes, where the stock encoder makes an object of it", () => {
  const sent: (string | ArrayBuffer)[] = [];
  const message = { join_ref: "3", ref: "7", topic: "room:1", event: "img", payload: bytesFrom("de ad") };
  createCodec().encode(message, (data) => sent.push(data));
  assertInstanceOf(sent[0], ArrayBuffer);
  const [{ payload }] = decodeAll(phoenixV2, new Uint8Array(sent[0]));
  assertEquals(payload, bytesFrom("de ad"));
});

Deno.test("the client codec reads 2.0.0 frames as the published client's own decoder does", () => {
  const anyPayload = fc.oneof(anyJson, anyBytes);
  fc.assert(
    fc.property(anyName, anyRef, anyName, anyName, anyPayload, (joinRef, ref, topic, event, payload) => {
      const frames = [
        phoenixV2.push(joinRef, topic, event, payload),
        phoenixV2.reply(joinRef, ref, topic, "ok", payload),
        phoenixV2.publication(topic, event, payload, null),
      ];
      for (const frame of frames) {
        const stock: Message[] = [];
        Serializer.decode(received(frame), (message) => stock.push(message));
        assertEquals(receive(createCodec(), frame), stock);
      }
    }),
  );
});

Deno.test("the client codec delivers each message of a batch, in order", () => {
  const frame = batch(publication("a", 1, { n: 1 }), phoenixV21.push("1", "b", "pushed", { n: 2 }));
  assertEquals(receive(createCodec(), frame), [
    { join_ref: null, ref: null, topic: "a", event: "said", payload: { n: 1 } },
    { join_ref: "1", ref: null, topic: "b", event: "pushed", payload: { n: 2 } },
  ]);
});

Deno.test("the client codec reads a binary publication with a position", () => {
  const codec = createCodec();
  join(codec, "room:1", "1");
  assertEquals(receive(codec, publication("room:1", 2 ** 40, bytesFrom("01 02"))), [
    { join_ref: null, ref: null, topic: "room:1", event: "said", payload: bytesFrom("01 02").buffer },
  ]);
  assertEquals(codec.position("room:1"), 2 ** 40);
});

Deno.test("a position advances after its message was delivered, topic by topic", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  join(codec, "b", "2");
  const seen: [string, number | null][] = [];
  const frame = batch(publication("a", 7), publication("b", 3), publication("a", 8));
  codec.decode(received(frame), ({ topic }) => seen.push([topic, codec.position(topic)]));
  assertEquals(seen, [["a", null], ["b", null], ["a", 7]]);
  assertEquals([codec.position("a"), codec.position("b"), codec.position("never joined")], [8, 3, null]);
});

Deno.test("a message without a position leaves the position as it is", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  receive(codec, publication("a", 7));
  receive(codec, phoenixV21.push("1", "a", "pushed", {}));
  receive(codec, phoenixV21.publication("a", "typing", {}, null));
  assertEquals(codec.position("a"), 7);
});

Deno.test("a throw in one message's handler does not cost the rest of the batch; the first is thrown at the end", () => {
  const codec = createCodec();
  for (const topic of ["a", "b", "c"]) join(codec, topic, topic);
  const topics: string[] = [];
  const frame = batch(publication("a", 1), publication("b", 2), publication("c", 3));
  assertThrows(
    () =>
      codec.decode(received(frame), (message) => {
        topics.push(message.topic);
        throwing("a")(message);
        throwing("b")(message);
      }),
    Error,
    "handler of a",
  );
  assertEquals(topics, ["a", "b", "c"]);
  assertEquals([codec.position("a"), codec.position("b"), codec.position("c")], [1, 2, 3]);
});

Deno.test("a rejoin keeps the position, so that it can be resumed from", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  receive(codec, publication("a", 7));
  receive(codec, phoenixV21.ended("1", "a", "phx_error", { reason: "channel_crash" }));
  assertEquals(codec.position("a"), 7);
  join(codec, "a", "5");
  assertEquals(codec.position("a"), 7);
});

Deno.test("the leave with which the client gives up an unanswered join keeps the position", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  receive(codec, publication("a", 7));
  send(codec, "phx_join", "a", "5");
  send(codec, "phx_leave", "a", "5", "6");
  send(codec, "phx_join", "a", "7");
  assertEquals(codec.position("a"), 7);
});

Deno.test("what is published before a join is answered is another join's: it is not delivered, and moves nothing", () => {
  const codec = createCodec();
  send(codec, "phx_join", "t", "1");
  receive(codec, phoenixV21.reply("1", "1", "t", "ok", { troupe: { epoch: "e", offset: 3 } }));
  send(codec, "phx_join", "t", "2");
  assertEquals(receive(codec, publication("t", 9)), []);
  assertEquals(codec.resume("t"), { troupe: { epoch: "e", offset: 3 } });
  const troupe = { epoch: "e", offset: 3, recovery: "recovered" };
  receive(codec, phoenixV21.reply("2", "2", "t", "ok", { troupe }));
  assertEquals(receive(codec, publication("t", 4)).length, 1);
});

Deno.test("the answer to a join that was given up does not move the position: the client has not read it", () => {
  const codec = createCodec();
  send(codec, "phx_join", "t", "1");
  receive(codec, phoenixV21.reply("1", "1", "t", "ok", { troupe: { epoch: "e", offset: 3 } }));
  send(codec, "phx_join", "t", "2");
  send(codec, "phx_leave", "t", "2", "3");
  const troupe = { epoch: "e", offset: 8, recovery: "partial", gap: { from: 4, to: 8 } };
  receive(codec, phoenixV21.reply("2", "2", "t", "ok", { troupe }));
  assertEquals(receive(codec, publication("t", 9)), []);
  assertEquals(codec.resume("t"), { troupe: { epoch: "e", offset: 3 } });
});

Deno.test("leave and phx_close forget a topic, and what still comes does not bring it back", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  receive(codec, publication("a", 7));
  send(codec, "phx_leave", "a", "1", "2");
  receive(codec, publication("a", 8));
  assertEquals(codec.position("a"), null);

  join(codec, "b", "3");
  receive(codec, publication("b", 7));
  receive(codec, phoenixV21.ended("3", "b", "phx_close", {}));
  assertEquals(codec.position("b"), null);
});

Deno.test("the phx_close of an earlier incarnation does not forget the current one", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  join(codec, "a", "2");
  receive(codec, publication("a", 7));
  receive(codec, phoenixV21.ended("1", "a", "phx_close", {}));
  assertEquals(codec.position("a"), 7);
});

function joinWith(codec: ClientCodec, topic: string, joinRef: string, troupe: unknown): void {
  send(codec, "phx_join", topic, joinRef);
  receive(codec, phoenixV21.reply(joinRef, joinRef, topic, "ok", { motd: "hi", troupe }));
}

function offsetsOf(codec: ClientCodec, frame: Frame): (number | null)[] {
  const offsets: (number | null)[] = [];
  codec.decode(received(frame), (_message, offset) => offsets.push(offset));
  return offsets;
}

Deno.test("what resumes a topic is the epoch of the join's reply, the last offset, and the connection", () => {
  const codec = createCodec();
  assertEquals(codec.resume("a"), {});
  joinWith(codec, "a", "1", { epoch: "e", offset: 4, connection: "c1" });
  assertEquals(codec.position("a"), 4);
  assertEquals(codec.resume("a"), { troupe: { epoch: "e", offset: 4, connection: "c1" } });
  receive(codec, publication("a", 5));
  assertEquals(codec.resume("a"), { troupe: { epoch: "e", offset: 5, connection: "c1" } });
});

Deno.test("what resumes a topic is known to whoever is told of the join", () => {
  const codec = createCodec();
  send(codec, "phx_join", "a", "1");
  const reply = phoenixV21.reply("1", "1", "a", "ok", {
    troupe: { epoch: "e", offset: 4, connection: "c1" },
  });
  const seen: unknown[] = [];
  codec.decode(received(reply), () => seen.push(codec.resume("a")));
  assertEquals(seen, [{ troupe: { epoch: "e", offset: 4, connection: "c1" } }]);
});

Deno.test("the event troupe:session says what a reply that is no object cannot", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  const greeting = { epoch: "e", offset: 0, connection: "c1" };
  receive(codec, phoenixV21.push("1", "a", "troupe:session", greeting));
  assertEquals(codec.resume("a"), { troupe: greeting });
  receive(codec, phoenixV21.push("old", "a", "troupe:session", { ...greeting, offset: 9 }));
  assertEquals(codec.position("a"), 0);
});

Deno.test("how many are wanted goes along, for the case that a position cannot be gone on from", () => {
  const codec = createCodec();
  assertEquals(codec.resume("a", { last: 10 }), { troupe: { last: 10 } });
  joinWith(codec, "a", "1", { epoch: "e", offset: 4, connection: "c1" });
  assertEquals(codec.resume("a", { last: 10 }).troupe, {
    epoch: "e",
    offset: 4,
    last: 10,
    connection: "c1",
  });
});

Deno.test("all that is kept is asked for where there is no position, and only there", () => {
  const codec = createCodec();
  assertEquals(codec.resume("a", { last: "all" }), { troupe: { offset: 0 } });
  assertEquals(codec.resume("a", { last: 0 }), {});
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  assertEquals(codec.resume("a", { last: "all" }), { troupe: { epoch: "e", offset: 4 } });
  codec.forget("a");
  assertEquals(codec.resume("a", { last: "all" }), { troupe: { offset: 0 } });
});

Deno.test("a state is asked for with a position and without one", () => {
  const codec = createCodec();
  assertEquals(codec.resume("a", { state: true }), { troupe: { state: true } });
  assertEquals(codec.resume("a", { state: false }), {});
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  assertEquals(codec.resume("a", { state: true }), { troupe: { epoch: "e", offset: 4, state: true } });
});

Deno.test("a topic without a history is resumed by its connection alone", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { session: "s" });
  assertEquals(codec.resume("a"), {});
});

Deno.test("a reply that refuses the join does not move the position", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  send(codec, "phx_join", "a", "2");
  const troupe = { epoch: "other", offset: 0 };
  receive(codec, phoenixV21.reply("2", "2", "a", "error", { reason: "no", troupe }));
  assertEquals(codec.resume("a").troupe, { epoch: "e", offset: 4 });
});

Deno.test("what was delivered is not delivered again, however much the server sends again", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  assertEquals(offsetsOf(codec, batch(publication("a", 5), publication("a", 6))), [5, 6]);
  // The rejoin asked for what comes after 6, but the answer is to an older question.
  joinWith(codec, "a", "2", { epoch: "e", offset: 5, recovery: "recovered" });
  assertEquals(offsetsOf(codec, batch(publication("a", 6), publication("a", 7))), [7]);
  assertEquals(codec.position("a"), 7);
});

Deno.test("after a reset the position is the new one, also where its offset is smaller", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 40 });
  joinWith(codec, "a", "2", { epoch: "f", offset: 2, recovery: "reset" });
  assertEquals(offsetsOf(codec, publication("a", 3)), [3]);
  assertEquals(codec.resume("a").troupe, { epoch: "f", offset: 3 });
  joinWith(codec, "a", "3", { epoch: "f", offset: 1, recovery: "reset" });
  assertEquals(codec.position("a"), 1);
});

Deno.test("a gap moves the position behind it: in the reply, and while the topic is joined", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  joinWith(codec, "a", "2", { epoch: "e", offset: 9, recovery: "partial", gap: { from: 5, to: 9 } });
  assertEquals(codec.position("a"), 9);
  receive(codec, phoenixV21.push("2", "a", "troupe:missed", { count: 3, from: 10, to: 12 }));
  assertEquals(codec.position("a"), 12);
  receive(codec, phoenixV21.push("2", "a", "troupe:missed", { count: 3, from: null, to: null }));
  receive(codec, phoenixV21.push("2", "a", "troupe:missed", { count: 1, from: 2, to: 2 }));
  assertEquals(codec.position("a"), 12);
});

Deno.test("a forgotten position resumes nothing, and the topic is still followed", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 4, connection: "c1" });
  codec.forget("a");
  codec.forget("never joined");
  assertEquals(offsetsOf(codec, publication("a", 5)), [5]);
  assertEquals(codec.resume("a"), { troupe: { connection: "c1" } });
});

Deno.test("a gap that is told late does not bring back what was delivered since", () => {
  const codec = createCodec();
  joinWith(codec, "a", "1", { epoch: "e", offset: 4 });
  // A join that timed out here, and was answered all the same: the answer is stale, what follows it is not.
  join(codec, "a", "2");
  join(codec, "a", "3");
  receive(
    codec,
    phoenixV21.reply("2", "2", "a", "ok", { troupe: { epoch: "e", offset: 9, recovery: "partial" } }),
  );
  assertEquals(offsetsOf(codec, publication("a", 10)), [10]);
  const partial = { epoch: "e", offset: 9, recovery: "partial", gap: { from: 5, to: 9 } };
  receive(codec, phoenixV21.reply("3", "3", "a", "ok", { troupe: partial }));
  assertEquals([offsetsOf(codec, publication("a", 10)), offsetsOf(codec, publication("a", 11))], [[], [11]]);
});

Deno.test("whatever history is told, each publication is delivered once and in order", () => {
  const anyStep = fc.oneof(
    fc.record({ kind: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("rejoin" as const), behind: fc.nat({ max: 8 }) }),
  );
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const codec = createCodec();
      joinWith(codec, "a", "j0", { epoch: "e", offset: 0 });
      const heard: (number | null)[] = [];
      let newest = 0;
      steps.forEach((step, i) => {
        if (step.kind === "publish") {
          for (let n = 0; n < step.count; n++) heard.push(...offsetsOf(codec, publication("a", ++newest)));
          return;
        }
        const from = Math.max(0, newest - step.behind);
        joinWith(codec, "a", `j${i + 1}`, { epoch: "e", offset: from, recovery: "recovered" });
        for (let n = from + 1; n <= newest; n++) heard.push(...offsetsOf(codec, publication("a", n)));
      });
      assertEquals(heard, Array.from({ length: newest }, (_, i) => i + 1));
      assertEquals(codec.position("a"), newest);
    }),
  );
});

Deno.test("the client codec holds at most MAX_POSITIONS topics, and forgets the one joined longest ago", () => {
  const codec = createCodec();
  for (let i = 0; i <= MAX_POSITIONS; i++) {
    join(codec, `t:${i}`, "1");
    receive(codec, publication(`t:${i}`, 1));
  }
  assertEquals(codec.position("t:0"), null);
  assertEquals(codec.position("t:1"), 1);
  assertEquals(codec.position(`t:${MAX_POSITIONS}`), 1);
});

Deno.test("the client codec says what is wrong with a frame that it cannot read", () => {
  const codec = createCodec();
  const cases: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["{", "not JSON"],
    ["5", "a message of the server is an array; got 5"],
    [bytesFrom("04 00"), "kind 0, 1, 2 or 5; got 4"],
    [bytesFrom(""), "kind 0, 1, 2 or 5; got undefined"],
    [bytesFrom("02 09"), "a binary broadcast begins with 3 bytes of header; the message has 2"],
  ];
  for (const [data, reason] of cases) {
    assertThrows(() => receive(codec, new Frame(data)), MalformedMessage, reason);
  }
});

Deno.test("a stock Socket with the client codec joins, pushes bytes, and gets a batch, all as 2.1.0", () => {
  const transports: FakeTransport[] = [];
  class FakeTransport {
    readonly readyState = 1;
    readonly sent: (string | ArrayBuffer)[] = [];
    onopen = () => {};
    onmessage = (_event: { data: string | ArrayBuffer }) => {};
    constructor(readonly url: string) {
      transports.push(this);
    }
    send(data: string | ArrayBuffer): void {
      this.sent.push(data);
    }
    close(): void {}
  }
  const codec = createCodec();
  const socket = new Socket("ws://localhost/socket", { vsn: "2.1.0", transport: FakeTransport, ...codec });
  socket.connect();
  const [transport] = transports;
  assertStringIncludes(transport.url, "vsn=2.1.0");
  const channel = socket.channel("room:1", {});
  const heard: unknown[] = [];
  channel.on("said", (payload) => heard.push(payload));
  channel.join(60_000).receive("ok", (reply) => heard.push(reply));
  transport.onopen();
  const joinRef = channel.joinRef() as string;
  transport.onmessage({
    data: batch(
      phoenixV21.reply(joinRef, joinRef, "room:1", "ok", { hello: 1 }),
      publication("room:1", 1, { n: 1 }),
      publication("room:1", 2, { n: 2 }),
    ).data as string,
  });
  channel.push("img", bytesFrom("01").buffer, 60_000).receive("ok", (reply) => heard.push(reply));
  const [push] = decodeAll(phoenixV21, new Uint8Array(transport.sent.at(-1) as ArrayBuffer));
  assertEquals(push.payload, bytesFrom("01"));
  const reply = phoenixV21.reply(push.joinRef, push.ref, "room:1", "ok", push.payload);
  transport.onmessage({ data: received(reply) });
  assertEquals(heard, [{ hello: 1 }, { n: 1 }, { n: 2 }, bytesFrom("01").buffer]);
  assertEquals(codec.position("room:1"), 2);
  socket.disconnect();
});

Deno.test("the client codec refuses what the published client would fall over: no names, a reply that is none", () => {
  const codec = createCodec();
  for (const text of ['["1","1","a",null,{}]', '["1","1",7,"said",{}]', '["1","1","a","phx_reply",null]']) {
    assertThrows(() => codec.decode(text, () => fail("delivered")), MalformedMessage);
  }
});

Deno.test("an offset that is none moves no position: the next join would be refused for it", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  for (const offset of ["-1", "1.5", "1e300", '"7"', "null"]) {
    codec.decode(`[null,null,"a","said",{},${offset}]`, () => {});
    codec.decode(`["1",null,"a","troupe:session",{"epoch":"e","offset":${offset}}]`, () => {});
    codec.decode(`["1",null,"a","troupe:missed",{"to":${offset}}]`, () => {});
  }
  assertEquals(codec.position("a"), null);
});

Deno.test("an epoch or a connection's id that no server would take is not asked for", () => {
  const codec = createCodec();
  join(codec, "a", "1");
  const long = "x".repeat(129);
  codec.decode(
    `["1",null,"a","troupe:session",{"epoch":"${long}","offset":1,"connection":"${long}"}]`,
    () => {},
  );
  assertEquals([codec.position("a"), codec.resume("a")], [null, {}]);
});
