import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { Wire } from "../../src/client/wire.ts";
import { MalformedMessage } from "../../src/protocol/codec.ts";
import { type ClientMessage, createCodec, type OutgoingMessage } from "../../src/protocol/client_codec.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { anyBytes, anyJson, anyName, anyRef, bytesFrom, received } from "../protocol/fixtures.ts";

type Delivered = [ClientMessage, number | null];

function heard(codec: Pick<Wire, "decode">, data: string | ArrayBuffer): Delivered[] {
  const delivered: Delivered[] = [];
  codec.decode(data, (message, offset) => delivered.push([message, offset]));
  return delivered;
}

Deno.test("the client sends what the codec for stock clients sends", () => {
  const sent = (codec: Pick<Wire, "encode">, message: OutgoingMessage): unknown => {
    const all: unknown[] = [];
    codec.encode(message, (data) => all.push(data));
    return all;
  };
  fc.assert(
    fc.property(
      anyName,
      anyName,
      anyName,
      anyName,
      fc.oneof(anyJson, anyBytes),
      (join_ref, ref, topic, event, payload) => {
        const message = { join_ref, ref, topic, event, payload };
        assertEquals(sent(new Wire(), message), sent(createCodec(), message));
      },
    ),
  );
  const heartbeat = { topic: "phoenix", event: "heartbeat", payload: {}, ref: "4" };
  assertEquals(sent(new Wire(), heartbeat), ['[null,"4","phoenix","heartbeat",{}]']);
});

Deno.test("the client reads what the codec for stock clients reads", () => {
  fc.assert(
    fc.property(
      anyName,
      anyRef,
      anyName,
      anyName,
      fc.oneof(anyJson, anyBytes),
      fc.integer({ min: 1 }),
      (joinRef, ref, topic, event, payload, offset) => {
        const frames = [
          phoenixV21.push(joinRef, topic, event, payload),
          phoenixV21.reply(joinRef, ref, topic, "ok", payload),
          phoenixV21.publication(topic, event, payload, null),
          phoenixV21.publication(topic, event, payload, { epoch: "e", offset }),
        ];
        for (const frame of frames) {
          const data = received(frame);
          assertEquals(heard(new Wire(), data), heard(createCodec(), data));
        }
      },
    ),
  );
});

Deno.test("a batch is read to its end, also where a listener throws; an offset may be large", () => {
  const frames = ["a", "b"].map((topic) => phoenixV21.publication(topic, "said", {}, null));
  const topics: string[] = [];
  const batch = received(phoenixV21.join!(frames));
  const read = (): void =>
    new Wire().decode(batch, ({ topic }) => {
      topics.push(topic);
      throw new Error(topic);
    });
  assertThrows(read, Error, "a");
  assertEquals(topics, ["a", "b"]);
  const far = phoenixV21.publication("a", "drawn", bytesFrom("01 02"), { epoch: "e", offset: 2 ** 40 });
  const message = {
    join_ref: null,
    ref: null,
    topic: "a",
    event: "drawn",
    payload: bytesFrom("01 02").buffer,
  };
  assertEquals(heard(new Wire(), received(far)), [[message, 2 ** 40]]);
});

Deno.test("Wire: a binary frame that is too short for its offset is malformed, and nothing else", () => {
  for (const bytes of [[5], [5, 1, 130, 1], [5, 0, 0, 0, 0, 0, 0, 0], []]) {
    assertThrows(() => new Wire().decode(new Uint8Array(bytes).buffer, () => {}), MalformedMessage);
  }
});
