import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { type BodyRead, readBody } from "../../src/transport/sse_body.ts";

/** A request whose body is in the test's hands, and how much of it was asked for. */
function request(source: UnderlyingDefaultSource<Uint8Array>, headers: HeadersInit = {}): Request {
  return new Request("http://app.example/", { method: "POST", body: new ReadableStream(source), headers });
}

const read = (from: Request, maxBytes: number, clock = new VirtualClock()): Promise<BodyRead> =>
  readBody(from, { clock, maxBytes, timeoutMs: 1_000 });

Deno.test("A body is read as it came, in however many pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 9 }), async (text, size) => {
      const whole = text.toWellFormed();
      const bytes = new TextEncoder().encode(whole);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
      const body = request({
        pull(controller) {
          const piece = pieces.shift();
          if (piece === undefined) controller.close();
          else controller.enqueue(piece);
        },
      });
      assertEquals(await read(body, bytes.length), { text: whole });
    }),
  );
  assertEquals(await read(new Request("http://app.example/", { method: "POST" }), 10), { text: "" });
});

Deno.test("A body that is too large is not read to its end, whatever it says of its length", async () => {
  let pulls = 0, cancels = 0;
  const endless = request({
    pull(controller) {
      pulls++;
      controller.enqueue(new Uint8Array(100));
    },
    cancel: () => void cancels++,
  });
  assertEquals(await read(endless, 1_000), { fault: "too_big" });
  assert(pulls <= 13);
  assertEquals(cancels, 1);
  const honest = request({ pull: () => void pulls++ }, { "content-length": "1001" });
  assertEquals(await read(honest, 1_000), { fault: "too_big" });
});

Deno.test("A body that does not arrive in time, breaks off or is no text is told apart", async () => {
  const clock = new VirtualClock();
  const slow = read(request({ start: (controller) => controller.enqueue(new Uint8Array(1)) }), 10, clock);
  await new Promise((resolve) => setTimeout(resolve));
  clock.step(1_000);
  assertEquals(await slow, { fault: "too_slow" });
  const broken = request({ start: (controller) => controller.error(new Error("reset")) });
  assertEquals(await read(broken, 10, clock), { fault: "broken_off" });
  const binary = request({
    start(controller) {
      controller.enqueue(new Uint8Array([0xc3]));
      controller.close();
    },
  });
  assertEquals(await read(binary, 10, clock), { fault: "not_utf8" });
  assertEquals(clock.pending, 0);
});

Deno.test("A body that nobody wants any more is given up at once, and is broken off", async () => {
  const ended = new AbortController();
  let cancelled = false;
  const endless = request({ cancel: () => void (cancelled = true) });
  const clock = new VirtualClock();
  const reading = readBody(endless, { clock, maxBytes: 10, timeoutMs: 1_000 }, ended.signal);
  ended.abort();
  assertEquals(await reading, { fault: "broken_off" });
  assertEquals([cancelled, clock.pending], [true, 0]);
});
