import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { OpenWork } from "../../src/sessions/open_work.ts";

Deno.test("OpenWork ends when all that it tracks has settled, one way or the other", async () => {
  const work = new OpenWork();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  assertStrictEquals(work.track(first.promise), first.promise);
  const rejected = assertRejects(() => work.track(second.promise));
  assertEquals(work.size, 2);
  let ended = 0;
  const endings = [work.ended(), work.ended()].map((each) => each.then(() => ended++));
  first.resolve();
  await first.promise;
  assertEquals([work.size, ended], [1, 0]);
  second.reject(new Error("its caller's to handle"));
  await rejected;
  await Promise.all(endings);
  assertEquals([work.size, ended], [0, 2]);
});

Deno.test("OpenWork without any work has ended", async () => {
  const work = new OpenWork();
  await work.ended();
  await work.track(Promise.resolve());
  await work.ended();
  assertEquals(work.size, 0);
});
