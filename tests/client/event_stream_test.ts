import { assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { EventStream } from "../../src/client/event_stream.ts";

function stage(
  options?: { signal?: AbortSignal; max?: number },
): { stream: EventStream<number>; ends: () => number } {
  let ends = 0;
  return { stream: new EventStream<number>(() => ends++, options), ends: () => ends };
}

Deno.test("whoever iterates gets each event once and in order, waiting or not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean()), async (isPush) => {
      const { stream } = stage();
      let pushed = 0;
      const taken: Promise<IteratorResult<number>>[] = [];
      for (const push of isPush) {
        if (push) stream.push(pushed++);
        else taken.push(stream.next());
      }
      stream.end();
      const results = await Promise.all(taken);
      const rest = await Array.fromAsync(stream);
      const heard = [...results.flatMap((result) => result.done ? [] : [result.value]), ...rest];
      assertEquals(heard, Array.from({ length: pushed }, (_, n) => n));
    }),
  );
});

Deno.test("a stream that ends gives what waits, lets go of those who wait, and tells its source once", async () => {
  const { stream, ends } = stage();
  stream.push(1);
  stream.end();
  stream.push(2);
  stream.end();
  assertEquals([await stream.next(), await stream.next()], [{ done: false, value: 1 }, {
    done: true,
    value: undefined,
  }]);
  assertEquals(ends(), 1);
  const other = stage();
  const waiting = other.stream.next();
  other.stream.end();
  assertEquals(await waiting, { done: true, value: undefined });
});

Deno.test("leaving the loop ends a stream, and drops what waits", async () => {
  const { stream, ends } = stage();
  for (const n of [1, 2, 3]) stream.push(n);
  for await (const n of stream) {
    assertEquals(n, 1);
    break;
  }
  assertEquals([await Array.fromAsync(stream), ends()], [[], 1]);
});

Deno.test("an aborted signal ends a stream quietly, also one that was aborted before", async () => {
  const aborter = new AbortController();
  const { stream, ends } = stage({ signal: aborter.signal });
  stream.push(1);
  aborter.abort();
  stream.push(2);
  assertEquals([await Array.fromAsync(stream), ends()], [[1], 1]);
  const late = stage({ signal: aborter.signal });
  late.stream.push(1);
  assertEquals([await Array.fromAsync(late.stream), late.ends()], [[], 1]);
});

Deno.test("a stream that holds too many gives those, then throws: nothing is left out in silence", async () => {
  const { stream, ends } = stage({ max: 2 });
  for (const n of [1, 2, 3]) stream.push(n);
  assertEquals([(await stream.next()).value, (await stream.next()).value, ends()], [1, 2, 1]);
  const error = await assertRejects(() => stream.next(), TroupeError, "max");
  assertEquals(error.code, "stream_overflow");
  assertEquals((await stream.next()).done, true);
});
