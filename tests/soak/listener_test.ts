import { assertEquals } from "@std/assert";
import { Listener } from "../../soak/listener.ts";

function stage(): { listener: Listener; faults: string[] } {
  const faults: string[] = [];
  const listener = new Listener("c1", (text) => faults.push(text));
  listener.joined();
  return { listener, faults };
}

Deno.test("Soak listener: numbers in order, from anywhere on after each join, are no fault", () => {
  const { listener, faults } = stage();
  for (const n of [7, 8, 9]) listener.hear("a", n);
  listener.joined();
  for (const n of [2, 3]) listener.hear("b", n);
  assertEquals([faults, listener.heard, listener.told], [[], 5, 0]);
});

Deno.test("Soak listener: as many may be missing as it was told, no more and no fewer", () => {
  const { listener, faults } = stage();
  listener.hear("a", 1);
  listener.missed(2);
  listener.hear("a", 4);
  assertEquals([faults, listener.told], [[], 2]);
  listener.missed(1);
  listener.hear("a", 7);
  listener.missed(2);
  listener.hear("a", 9);
  assertEquals(faults.length, 2);
});

Deno.test("Soak listener: what is lost, repeated or of another server's life is found", () => {
  for (const [life, n] of [["a", 3], ["a", 1], ["a", 0], ["b", 2]] as const) {
    const { listener, faults } = stage();
    listener.hear("a", 1);
    listener.hear(life, n);
    assertEquals(faults.length, 1, `${life} ${n}`);
  }
});
