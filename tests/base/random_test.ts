import { type Random, systemRandom } from "@troupe/core/actors";
import { seededRandom } from "@troupe/core/testing";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const sources: [string, Random][] = [["the machine's", systemRandom], ["a seeded", seededRandom(42)]];

for (const [name, random] of sources) {
  Deno.test(`${name} randomness stays in its ranges and is spread over them`, () => {
    const buckets = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const float = random.float();
      assert(float >= 0 && float < 1);
      const integer = random.integer(10);
      assert(Number.isInteger(integer) && integer >= 0 && integer < 10);
      buckets[integer]++;
      assertEquals(random.integer(1), 0);
    }
    assert(buckets.every((count) => count > 800 && count < 1_200), `${buckets}`);
  });

  Deno.test(`${name} ids are version 4 UUIDs, and differ`, () => {
    const ids = Array.from({ length: 1_000 }, () => random.uuid());
    for (const id of ids) assertMatch(id, UUID_V4);
    assertEquals(new Set(ids).size, 1_000);
  });
}

Deno.test("one seed gives one sequence; another seed another", () => {
  const draws = (seed: number) => {
    const random = seededRandom(seed);
    return [random.float(), random.integer(1_000), random.uuid(), random.float()];
  };
  assertEquals(draws(7), draws(7));
  assertNotEquals(draws(7), draws(8));
});

Deno.test("a seed's sequence is fixed on every machine and in every release: a recorded seed stays a reproduction", () => {
  assertEquals(seededRandom(1).uuid(), "b6995091-031b-48dc-8035-b808e0244f90");
});
