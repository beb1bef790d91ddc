import { assertEquals, assertStringIncludes } from "@std/assert";
import { Ledger } from "../../soak/ledger.ts";

function stage(): { ledger: Ledger; faults: string[] } {
  const faults: string[] = [];
  return { ledger: new Ledger("room:1", (text) => faults.push(text)), faults };
}

Deno.test("Soak ledger: an offset is the same publication for everybody", () => {
  const { ledger, faults } = stage();
  for (const offset of [1, 2, 1, 3, 2]) ledger.heard(offset, `p${offset}`);
  assertEquals([faults, ledger.head, ledger.holes], [[], 3, 0]);
  ledger.heard(2, "another");
  assertEquals(faults, ["room:1: 2 is p2 to some and another to others"]);
});

Deno.test("Soak ledger: a publication takes effect once, and how it was repeated is told", () => {
  const { ledger, faults } = stage();
  ledger.heard(1, "a");
  ledger.repeats("a", "sent twice");
  ledger.heard(3, "a");
  assertEquals(faults, ["room:1: a took effect twice, at 1 and 3: sent twice"]);
});

Deno.test("Soak ledger: where a publisher could not look, an effect more is counted, and no fault", () => {
  const { ledger, faults } = stage();
  ledger.heard(1, "a");
  ledger.mayRepeat("a");
  ledger.heard(2, "a");
  assertEquals([faults, ledger.repeated], [[], 1]);
});

Deno.test("Soak ledger: what was acknowledged has to be there", () => {
  const { ledger, faults } = stage();
  ledger.heard(1, "a");
  ledger.acknowledge("a");
  ledger.acknowledge("b");
  assertEquals(ledger.missing, ["b"]);
  ledger.close();
  assertStringIncludes(faults[0], "room:1: 1 were acknowledged and are nowhere, b first");
});

Deno.test("Soak ledger: what was acknowledged may be in a gap that everybody was told of, but no more than fits in", () => {
  const { ledger, faults } = stage();
  ledger.acknowledge("b");
  ledger.heard(1, "a");
  ledger.heard(3, "c");
  ledger.close();
  assertEquals(faults, []);
  ledger.acknowledge("d");
  ledger.close();
  assertEquals(faults.length, 1);
});

Deno.test("Soak ledger: the epoch is the same for ever", () => {
  const { ledger, faults } = stage();
  ledger.named("e");
  ledger.named("e");
  assertEquals(faults, []);
  ledger.named("f");
  assertEquals(faults, ["room:1: the epoch was e, and is f"]);
});
