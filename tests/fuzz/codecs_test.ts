/**
 * Everything that reads what comes from outside, under a corpus that keeps what reaches something new: laws that hold
 * for every input. A failing run is repeated with its seed: `TROUPE_FUZZ_SEED=… deno test -A tests/fuzz`.
 */

import { assert, assertEquals, assertInstanceOf, assertLessOrEqual } from "@std/assert";
import { type Message, Serializer } from "phoenix";
import { Counters } from "../../src/base/inspect.ts";
import { seededRandom } from "../../src/base/random.ts";
import { createCodec } from "../../src/protocol/client_codec.ts";
import { type Codec, type Inbound, MalformedMessage, utf8Length } from "../../src/protocol/codec.ts";
import type { WireData } from "../../src/protocol/frame.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { answerRequests, readAnswer } from "../../src/protocol/requests.ts";
import { formatPosition, parsePosition, readSseBody, sseCodec, sseMessage } from "../../src/protocol/sse.ts";
import { textual } from "../../src/protocol/textual.ts";
import { DedupeWindow } from "../../src/sessions/dedupe_window.ts";
import { MAX_ID_LENGTH, postOnce } from "../../src/sessions/named_message.ts";
import { connectionsOf, readResume } from "../../src/sessions/resume_wish.ts";
import { parseBody } from "../../src/transport/longpoll_body.ts";
import { LONG } from "../optional.ts";
import { Corpus, effectOf, OURS, shapeOf, transcribed } from "./corpus.ts";

const SEED = Number(Deno.env.get("TROUPE_FUZZ_SEED") ?? 20_260_101);
const INPUTS = LONG ? 200_000 : 3_000;

/** Tries an input, checks what must hold, and says what it did. */
type Trial = (data: WireData) => string;

/** What `read` throws is a `MalformedMessage` that fits into a close frame. `null`: nothing was thrown. */
function refusal(read: () => void): string | null {
  try {
    read();
    return null;
  } catch (thrown) {
    assertInstanceOf(thrown, MalformedMessage);
    assertLessOrEqual(utf8Length(thrown.message), 123);
    return effectOf(thrown);
  }
}

function bytesOf(data: WireData): Uint8Array<ArrayBuffer> {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

/** Reads with a codec: all or nothing, names that are none are refused. */
function readAll(codec: Codec, data: WireData): Inbound[] | string {
  const messages: Inbound[] = [];
  const fault = refusal(() => codec.decode(data, (message) => messages.push(message)));
  if (fault !== null) {
    assertEquals(messages, [], "a malformed frame had an effect");
    return fault;
  }
  for (const { topic, event, joinRef, ref } of messages) {
    for (const name of [topic, event]) assert(name !== "" && name.isWellFormed());
    for (const name of [joinRef, ref]) assert(name === null || name.isWellFormed());
  }
  return messages;
}

/** What was read is read again from what the published client would send of it. */
function roundTrip(codec: Codec, message: Inbound): void {
  const { joinRef, ref, topic, event, payload } = message;
  const sent: (string | ArrayBuffer)[] = [];
  const bytes = payload instanceof Uint8Array;
  const said = { join_ref: joinRef, ref, topic, event, payload: bytes ? payload.slice().buffer : payload };
  createCodec().encode(said, (data) => sent.push(data));
  // The published one cannot send null, and writes bytes with refs that are there alone.
  if (payload !== null) {
    const stock = bytes ? { ...said, join_ref: joinRef ?? "", ref: ref ?? "" } : said;
    Serializer.encode(stock, (data) => sent.push(data));
    assertEquals(sent[1], sent[0]);
  }
  const [data] = sent;
  const again = readAll(codec, typeof data === "string" ? data : new Uint8Array(data));
  // JSON has no Infinity, which 1e999 is read as, and no -0.
  const carried = bytes ? payload : JSON.parse(JSON.stringify(payload));
  assertEquals(again, [{ joinRef, ref, topic, event, payload: carried }]);
}

function decoding(codec: Codec): Trial {
  return (data) => {
    const read = readAll(codec, data);
    if (typeof read === "string") return read;
    if (codec !== phoenixV1 && codec !== sseCodec) { for (const message of read) roundTrip(codec, message); }
    return `${read.length > 1}${read.map(({ payload, after }) => shapeOf([payload, after])).slice(0, 2)}`;
  };
}

/** What `codec` writes of what came, the client reads as it was, and so does the published client. */
const echoing: Trial = (data) => {
  const read = readAll(phoenixV21, data);
  if (typeof read === "string") return read;
  for (const { joinRef, ref, topic, event, payload } of read) {
    const of = joinRef ?? "1";
    for (const codec of [phoenixV2, phoenixV21, textual(phoenixV2)]) {
      const frames = [
        codec.reply(of, ref, topic, "ok", payload),
        codec.push(of, topic, event, payload),
        codec.publication(topic, event, payload, { epoch: "e", offset: 9 }),
        codec.ended(of, topic, "phx_error", { reason: "x" }),
      ];
      const ours: unknown[] = [];
      const theirs: unknown[] = [];
      for (const frame of frames) {
        assertEquals(
          frame.byteLength,
          typeof frame.data === "string" ? bytesOf(frame.data).length : frame.data.length,
        );
        const sent = typeof frame.data === "string" ? frame.data : frame.data.slice().buffer;
        createCodec().decode(sent, (message) => ours.push(message));
        // The published one knows no kind 5, and takes a byte order mark for none of the name.
        const unknown = typeof sent !== "string" && new Uint8Array(sent)[0] === 5;
        if (unknown || /\ufeff/.test(topic + event)) theirs.push(ours.at(-1));
        else Serializer.decode(sent, (message) => theirs.push(message));
      }
      assertEquals(theirs, ours);
    }
  }
  return "echoed";
};

/** The client's own decoding, with a topic that is joined. */
const receiving: Trial = (data) => {
  const codec = createCodec();
  const topic = "room:1";
  const said = { join_ref: "1", ref: "1", topic, event: "phx_join", payload: {} };
  codec.encode(said, () => {});
  const messages: Message[] = [];
  const raw = typeof data === "string" ? data : data.slice().buffer;
  const fault = refusal(() => codec.decode(raw, (message) => messages.push(message)));
  const position = codec.position(topic);
  assert(position === null || (Number.isSafeInteger(position) && position >= 0), `a position of ${position}`);
  // What it asks for, the server understands.
  const payload = JSON.parse(JSON.stringify(codec.resume(topic, { last: 3 })));
  assertEquals(readResume({ joinRef: "1", ref: "1", topic, event: "phx_join", payload }).issues, []);
  if (fault !== null) return fault;
  return messages.map(({ event, payload }) => `${event.slice(0, 20)}${shapeOf(payload)}`).slice(0, 2) +
    `${position === null}`;
};

/** What the key `troupe` and `troupe:id` make of a message. */
const resuming: Trial = (data) => {
  const read = readAll(phoenixV21, data);
  if (typeof read === "string") return "unreadable";
  const effects: string[] = [];
  for (const message of read) {
    const { message: join, wish, issues } = readResume(message);
    assertEquals([join.topic, join.ref, join.event], [message.topic, message.ref, message.event]);
    const { payload } = join;
    assert(typeof payload !== "object" || payload === null || !Object.hasOwn(payload, "troupe"));
    if (wish !== null && issues.length === 0) {
      const { epoch, offset, last, formerConnectionIds } = wish;
      assert((epoch ?? "").length <= 128 && formerConnectionIds.join(" ").length <= 128);
      assert(connectionsOf("0".repeat(36), wish).length <= 128);
      for (const count of [offset ?? 0, last]) assert(Number.isSafeInteger(count) && count >= 0);
    }
    effects.push(`${wish && shapeOf(wish)}${issues.map(({ path }) => path)}${named(message)}`);
  }
  return effects.join();
};

function named(message: Inbound): string {
  const window = new DedupeWindow(4, new Counters());
  const effects: string[] = [];
  const channel = {
    isAbsent: false,
    post({ payload, named }: Inbound): void {
      effects.push(named === undefined ? "plain" : "named");
      if (named !== undefined) assert(!Object.hasOwn(payload as object, "troupe:id"));
    },
    answer: (_ref: string | null, status: string) => void effects.push(status),
  };
  for (let i = 0; i < 2; i++) postOnce(channel, message, { remembering: () => window });
  const id = (message.payload as { readonly "troupe:id"?: unknown } | null)?.["troupe:id"];
  const fits = typeof id === "string" && id.length > 0 && id.length <= MAX_ID_LENGTH;
  assertEquals(effects.filter((effect) => effect === "named").length, fits ? 1 : 0, "once, and no more");
  return effects.join();
}

/** Server-sent events: bodies, positions, questions and answers. */
const streaming: Trial = (data) => {
  const text = typeof data === "string" ? data : new TextDecoder().decode(data);
  const position = parsePosition(text);
  if (position !== null) assertEquals(formatPosition(position), text);
  let effect = "";
  const fault = refusal(() => {
    const { topic, event, payload } = readSseBody(text, "room:1");
    assert(topic === "room:1" || topic === "troupe");
    sseCodec.decode(sseMessage("1", "room:1", text, "e:4"), (message) => {
      assertEquals(message, {
        joinRef: "0",
        ref: "1",
        topic,
        event,
        payload,
        after: { epoch: "e", offset: 4 },
      });
      effect = shapeOf(payload);
    });
  });
  return `${position !== null}${fault ?? effect}`;
};

/** Bodies of long-poll, by either content type. */
const polling: Trial = (data) => {
  const bytes = bytesOf(data);
  return ["application/x-ndjson", "application/json", null].map((type) => {
    const parsed = parseBody(bytes, type);
    if (typeof parsed === "string") return effectOf(parsed);
    assertLessOrEqual(parsed.messages.length, 100);
    return parsed.messages.map((message) => `${typeof message}${Math.min(message.length, 40)}`).slice(0, 3)
      .join();
  }).join("|");
};

/** Questions and answers, of whatever form: a client takes no harm. */
const answering: Trial = (data) => {
  let payload: unknown;
  try {
    payload = JSON.parse(typeof data === "string" ? data : "0");
  } catch {
    return "no JSON";
  }
  let effect = "";
  const parts: unknown[] = Array.isArray(payload) ? [payload, ...payload] : [payload];
  for (const part of parts) {
    const answer = readAnswer(part);
    if (answer !== null) assert(typeof answer.id === "string" && /^(ok|error)$/.test(answer.status));
    const channel = {
      on(_event: string, callback: (asked: unknown) => void): number {
        callback(part);
        return 1;
      },
      off(): void {},
      push(_event: string, said: object): void {
        assert(readAnswer(said) !== null, "an answer is one");
        effect += (said as { status: string }).status;
      },
    };
    answerRequests(channel, { poll: () => ({ yes: true }) });
    effect += shapeOf(answer, 1);
  }
  return effect;
};

const TRIALS: Readonly<Record<string, Trial>> = {
  "2.0.0, and round trips": decoding(phoenixV2),
  "2.1.0, and round trips": decoding(phoenixV21),
  "1.0.0": decoding(phoenixV1),
  "SSE messages": decoding(sseCodec),
  "replies and publications of what came": echoing,
  "the client's decoding": receiving,
  "positions and named messages": resuming,
  "SSE bodies and positions": streaming,
  "long-poll bodies": polling,
  "questions and answers": answering,
};

for (const [name, trial] of Object.entries(TRIALS)) {
  Deno.test(`Fuzz: ${name}: laws hold for ${INPUTS.toLocaleString("en")} inputs of a corpus that grows`, () => {
    const random = seededRandom(SEED);
    const corpus = new Corpus([...transcribed(), ...OURS]);
    for (const data of [...corpus.entries]) corpus.learn(data, attempt(trial, data));
    const first = corpus.effects;
    for (let i = 0; i < INPUTS; i++) {
      const data = corpus.next(random);
      corpus.learn(data, attempt(trial, data));
    }
    assert(corpus.effects > first, "mutations have reached what the seeds had not");
  });
}

function attempt(trial: Trial, data: WireData): string {
  try {
    return trial(data);
  } catch (error) {
    const shown = typeof data === "string" ? data : `bytes ${data.toHex()}`;
    throw new Error(`with the seed ${SEED}, at ${JSON.stringify(shown)}`, { cause: error });
  }
}
