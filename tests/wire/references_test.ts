import { assertEquals } from "@std/assert";
import { References } from "./references.ts";

Deno.test("References: one of ours for each of theirs, and all else the same", () => {
  const references = new References();
  assertEquals(references.same([{ phx_ref: "A" }, 1], [{ phx_ref: "x" }, 1]), true);
  assertEquals(references.same({ phx_ref: "A" }, { phx_ref: "y" }), false);
  assertEquals(references.same({ phx_ref: "B" }, { phx_ref: "x" }), false);
  assertEquals(
    references.same({ phx_ref: "C", phx_ref_prev: "A" }, { phx_ref_prev: "x", phx_ref: "z" }),
    true,
  );
  assertEquals(references.same({ phx_ref: "D" }, {}), false);
  assertEquals(references.same({ ref: "A" }, { ref: "x" }), false);
  assertEquals(references.same([], {}), false);
  assertEquals(references.same(null, null), true);
});
