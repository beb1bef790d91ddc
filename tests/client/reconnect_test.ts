import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Reconnect } from "../../src/client/reconnect.ts";

Deno.test("waits have full jitter: anything from nothing to a bound that doubles up to the longest", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2_000 }), (seed, tries) => {
      const bound = Math.min(8_000, 100 * 2 ** (tries - 1));
      const waitMs = new Reconnect(seededRandom(seed), { baseMs: 100, maxMs: 8_000 }).waitMs(tries);
      assert(waitMs >= 0 && waitMs < bound);
    }),
  );
});

Deno.test("waits of many clients are spread evenly", () => {
  const random = seededRandom(7);
  const waits = Array.from({ length: 1_000 }, () => new Reconnect(random, { baseMs: 1_000 }).waitMs(1));
  const quarters = [0, 0, 0, 0];
  for (const waitMs of waits) quarters[Math.floor(waitMs / 250)]++;
  for (const count of quarters) assert(count > 180 && count < 320, String(quarters));
});

Deno.test("a wait that the server asks for takes the place of the next one, and of that alone", () => {
  const reconnect = new Reconnect({ float: () => 0.5, integer: () => 0, uuid: () => "" }, { baseMs: 100 });
  reconnect.asked(5_000);
  assertEquals([reconnect.waitMs(1), reconnect.waitMs(1)], [5_000, 50]);
  reconnect.asked(5_000);
  reconnect.done();
  assertEquals(reconnect.waitMs(2), 100);
  for (const nonsense of [undefined, null, "5", -1, NaN]) reconnect.asked(nonsense);
  assertEquals(reconnect.waitMs(1), 50);
});

Deno.test("bounds that make no sense are refused", () => {
  for (const options of [{ baseMs: 0 }, { maxMs: -1 }, { baseMs: NaN }]) {
    const error = assertThrows(() => new Reconnect(seededRandom(1), options), TroupeError, "accepted");
    assertEquals(error.code, "invalid_option");
  }
});
