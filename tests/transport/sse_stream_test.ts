import { assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { SseStream } from "../../src/transport/sse_stream.ts";

const encoder = new TextEncoder();

/** A stream, and how often it was told of. */
function make(): { stream: SseStream; clock: VirtualClock; cancels: () => number } {
  const clock = new VirtualClock();
  let cancels = 0;
  const stream = new SseStream(clock, () => cancels++);
  return { stream, clock, cancels: () => cancels };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

Deno.test("SseStream hands over as the reader asks, and knows what waits", async () => {
  const { stream } = make();
  const reader = stream.body().getReader();
  const first = reader.read();
  await turn();
  stream.write(encoder.encode("one"));
  assertEquals(stream.bufferedBytes, 0);
  stream.write(encoder.encode("two"));
  stream.write(encoder.encode("three"));
  assertEquals([stream.bufferedBytes, stream.taken], [8, 1]);
  assertEquals(text((await first).value), "one");
  assertEquals(text((await reader.read()).value), "two");
  assertEquals([stream.bufferedBytes, stream.taken], [5, 2]);
  assertEquals(text((await reader.read()).value), "three");
  assertEquals(stream.bufferedBytes, 0);
});

Deno.test("SseStream ends behind what was written", async () => {
  const { stream, clock, cancels } = make();
  stream.write(encoder.encode("one"));
  stream.write(encoder.encode("two"));
  let cut = 0;
  stream.end(1_000, () => cut++);
  stream.write(encoder.encode("late"));
  assertEquals(await new Response(stream.body()).text(), "onetwo");
  assertEquals([clock.pending, cut, cancels()], [0, 0, 0]);
});

Deno.test("SseStream drops what nobody reads after its end, within a time", async () => {
  const { stream, clock } = make();
  const body = stream.body();
  stream.write(encoder.encode("one"));
  let cut = 0;
  stream.end(1_000, () => cut++);
  clock.step(1_000);
  assertEquals([cut, stream.bufferedBytes, clock.pending], [1, 0, 0]);
  assertEquals(await new Response(body).text(), "");
});

Deno.test("SseStream tells of a reader that goes, once, and not if it ended before", async () => {
  const { stream, clock, cancels } = make();
  stream.write(encoder.encode("one"));
  const body = stream.body();
  await body.cancel();
  assertEquals([cancels(), stream.bufferedBytes], [1, 0]);
  stream.write(encoder.encode("late"));
  stream.end(1_000, () => {});
  assertEquals([cancels(), stream.bufferedBytes, clock.pending], [1, 0, 0]);

  const ended = make();
  ended.stream.write(encoder.encode("one"));
  ended.stream.end(1_000, () => {});
  await ended.stream.body().cancel();
  assertEquals([ended.cancels(), ended.clock.pending], [0, 0]);
});

Deno.test("SseStream can be discarded before anybody asked for its body", async () => {
  const { stream } = make();
  stream.write(encoder.encode("one"));
  stream.discard();
  stream.write(encoder.encode("two"));
  assertEquals(await new Response(stream.body()).text(), "");
});
