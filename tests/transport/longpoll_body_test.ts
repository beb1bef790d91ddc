import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { BodyReader, MAX_LINES, parseBody } from "../../src/transport/longpoll_body.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const encoder = new TextEncoder();
const NDJSON = "application/x-ndjson";

function parse(text: string, contentType: string | null = NDJSON): ReturnType<typeof parseBody> {
  return parseBody(encoder.encode(text), contentType);
}

function post(body: BodyInit | null, headers: HeadersInit = {}): Request {
  return new Request("http://host/", { method: "POST", body, headers });
}

/** A body whose chunks the test gives; `pulled` counts how many were asked for. */
function stream(
  chunks: readonly Uint8Array[],
  endless = false,
): { body: ReadableStream<Uint8Array>; cancelled: boolean } {
  let i = 0;
  const made = {
    cancelled: false,
    body: new ReadableStream<Uint8Array>({
      pull(controller) {
        if (i < chunks.length) controller.enqueue(chunks[i++]);
        else if (!endless) controller.close();
        else return new Promise<void>(() => {});
      },
      cancel: () => void (made.cancelled = true),
    }, { highWaterMark: 0 }),
  };
  return made;
}

Deno.test("parseBody: ndjson is a message a line, ended by \\n, \\r\\n or nothing; blank lines are none", () => {
  const bodies = ["[1]\n[2]", "[1]\n[2]\n", "[1]\r\n[2]\r\n", "[1]\n\n \r\n[2]\n\n", " [1] \n\t[2]"];
  for (const body of bodies) assertEquals(parse(body), { messages: ["[1]", "[2]"], cut: false }, body);
  assertEquals(parse(""), { messages: [], cut: false });
  assertEquals(parse("\r\n\n"), { messages: [], cut: false });
});

Deno.test("parseBody: a line that does not begin with [ is base64 of bytes, padded or not", () => {
  const bytes = new Uint8Array([0, 255]);
  assertEquals(parse("AP8=\r\n[1]\nAP8"), { messages: [bytes, "[1]", bytes], cut: false });
});

Deno.test("parseBody: one line that is neither spoils the body, and is named", () => {
  assertEquals(parse('[1]\n{"x":1}\n[2]'), "line 2 is neither a JSON array nor base64");
});

Deno.test("parseBody: any other content type is one text message, whatever is in it", () => {
  for (const type of [null, "", "application/json", "text/plain;charset=UTF-8"]) {
    assertEquals(parse('{"a":1}\n[2]', type), { messages: ['{"a":1}\n[2]'], cut: false });
    assertEquals(parse(" \n", type), "the body is empty");
  }
  assertEquals(parse("[1]\n[2]", "Application/X-NDJSON; charset=utf-8"), {
    messages: ["[1]", "[2]"],
    cut: false,
  });
});

Deno.test("parseBody: what is no UTF-8 cannot be read", () => {
  assertEquals(parseBody(new Uint8Array([0x5b, 0xff]), NDJSON), "the body is not UTF-8");
});

Deno.test("parseBody reads 100 lines, and says when there were more", () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `[${i}]`).join("\n");
  const full = parse(lines(MAX_LINES));
  assert(typeof full !== "string" && full.messages.length === 100 && !full.cut);
  assertEquals(parse(`${lines(MAX_LINES)}\n\n`), full);
  assertEquals(parse(lines(MAX_LINES + 1)), { ...full, cut: true });
});

Deno.test("parseBody: whatever comes is read or refused, and what is read comes back (property)", () => {
  const line = fc.oneof(
    fc.json().map((json) => `[${json}]`),
    fc.uint8Array({ minLength: 1 }).map((bytes) => bytes.toBase64()),
    fc.constantFrom("", " ", "\r"),
  );
  fc.assert(fc.property(fc.array(line, { maxLength: 100 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
    const parsed = parse(lines.join(end));
    assert(typeof parsed !== "string");
    const meant = lines.map((each) => each.trim()).filter((each) => each !== "");
    assertEquals(
      parsed.messages.map((message) => typeof message === "string" ? message : message.toBase64()),
      meant,
    );
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(NDJSON, null), (bytes, type) => {
    const parsed = parseBody(bytes as Uint8Array<ArrayBuffer>, type);
    if (typeof parsed === "string") return;
    assert(parsed.messages.length <= MAX_LINES);
  }));
});

Deno.test("BodyReader reads a body in chunks, and none", async () => {
  const clock = new VirtualClock();
  const bounds = { maxBytes: 10, timeoutMs: 1_000 };
  const { body } = stream([encoder.encode("hello"), encoder.encode("worl"), encoder.encode("d")]);
  assertEquals(await new BodyReader(post(body), bounds, clock).read(), encoder.encode("helloworld"));
  assertEquals(await new BodyReader(post(null), bounds, clock).read(), new Uint8Array());
  assertEquals(clock.pending, 0);
});

Deno.test("BodyReader stops at the first byte too many, and never asks for the rest", async () => {
  const clock = new VirtualClock();
  const bounds = { maxBytes: 10, timeoutMs: 1_000 };
  const endless = stream(Array.from({ length: 100 }, () => new Uint8Array(4)), true);
  assertEquals(await new BodyReader(post(endless.body), bounds, clock).read(), "too_big");
  assert(endless.cancelled);
  const announced = stream([new Uint8Array(4)]);
  const request = post(announced.body, { "content-length": "11" });
  assertEquals(await new BodyReader(request, bounds, clock).read(), "too_big");
  assert(announced.cancelled);
  assertEquals(clock.pending, 0);
});

Deno.test("BodyReader gives up a body that takes too long, or that nobody wants any more", async () => {
  const clock = new VirtualClock();
  const bounds = { maxBytes: 10, timeoutMs: 1_000 };
  const slow = stream([new Uint8Array(1)], true);
  const late = new BodyReader(post(slow.body), bounds, clock).read();
  clock.step(999);
  assert(!slow.cancelled);
  while (clock.step(1_000));
  assertEquals(await late, "late");
  assert(slow.cancelled);
  const reader = new BodyReader(post(stream([], true).body), bounds, clock);
  const stopped = reader.read();
  reader.stop("broken");
  assertEquals(await stopped, "broken");
  assertEquals(clock.pending, 0);
});

Deno.test("BodyReader: a request that breaks off is no rejection", async () => {
  const clock = new VirtualClock();
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
  assertEquals(await new BodyReader(post(body), { maxBytes: 10, timeoutMs: 1_000 }, clock).read(), "broken");
  assertEquals(clock.pending, 0);
});
