import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { restored, stored, type StoredText } from "../../src/stores/sqlite_text.ts";

Deno.test("what is stored of a text is what comes back from SQLite, whatever it is", () => {
  using db = new DatabaseSync(":memory:");
  const select = db.prepare("SELECT ? AS text");
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xd83c, 0xdfad, 0xd800, 0x41)));
  fc.assert(fc.property(units, (codes) => {
    const text = String.fromCharCode(...codes);
    assertEquals(restored(select.get(stored(text))!.text as StoredText), text);
  }));
});

Deno.test("an ordinary text is stored as the text that it is", () => {
  assertEquals(stored('{"text":"résumé 🎭"}'), '{"text":"résumé 🎭"}');
  assertEquals(stored("a\0") instanceof Uint8Array, true);
});
