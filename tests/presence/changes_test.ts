import { assertEquals } from "@std/assert";
import { Changes, keyText, metaText, type Present } from "../../src/presence/changes.ts";

function present(clock: number, key: string, prev: string | null = null, body = "{}"): Present {
  return { ref: `n.${clock}`, replica: "n", clock, key, value: { body, prev } };
}

Deno.test("A meta has its references behind what it was tracked with", () => {
  assertEquals(metaText(present(1, "u1")), '{"phx_ref":"n.1"}');
  assertEquals(metaText(present(2, "u1", "n.1")), '{"phx_ref":"n.2","phx_ref_prev":"n.1"}');
  assertEquals(metaText(present(1, "u1", null, '{"a":[{}]}')), '{"a":[{}],"phx_ref":"n.1"}');
  assertEquals(
    keyText([present(1, "u1"), present(2, "u1")]),
    '{"metas":[{"phx_ref":"n.1"},{"phx_ref":"n.2"}]}',
  );
});

Deno.test("Changes are told by key, both halves always", () => {
  const changes = new Changes();
  assertEquals(changes.isEmpty, true);
  assertEquals(changes.text, '{"joins":{},"leaves":{}}');
  for (const entry of [present(1, "u1"), present(2, "__proto__"), present(3, "u1")]) changes.joined(entry);
  changes.left(present(0, "u2"));
  assertEquals(
    changes.text,
    '{"joins":{"u1":{"metas":[{"phx_ref":"n.1"},{"phx_ref":"n.3"}]},"__proto__":{"metas":[{"phx_ref":"n.2"}]}},' +
      '"leaves":{"u2":{"metas":[{"phx_ref":"n.0"}]}}}',
  );
  assertEquals([...changes.byKey()].map(([key, left]) => [key, left.length]), [["u2", 1], ["u1", 0], [
    "__proto__",
    0,
  ]]);
});

Deno.test("Changes forget who came and went, and name the one before that others know of", () => {
  const changes = new Changes();
  const [known, first] = [present(1, "u1"), present(2, "u1", "n.1")];
  assertEquals(changes.prevOf(known), "n.1");
  changes.left(known);
  changes.joined(first);
  assertEquals(changes.prevOf(first), "n.1");
  changes.left(first);
  assertEquals(changes.text, '{"joins":{},"leaves":{"u1":{"metas":[{"phx_ref":"n.1"}]}}}');
  const alone = new Changes();
  alone.joined(present(3, "u2"));
  assertEquals(alone.prevOf(present(3, "u2")), null);
  alone.left(present(3, "u2"));
  assertEquals(alone.isEmpty, true);
});
