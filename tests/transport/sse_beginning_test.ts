import { assertEquals } from "@std/assert";
import { sseBeginning } from "../../src/transport/sse_beginning.ts";

const textOf = (notice: Uint8Array | null): string | null =>
  notice === null ? null : new TextDecoder().decode(notice);

Deno.test("sseBeginning: what a client that comes back is told, by what became of its position", () => {
  const at = { epoch: "e", offset: 3 };
  const told = (response: unknown): [string | null, string | null] => {
    const { id, notice } = sseBeginning(response);
    return [id, textOf(notice)];
  };
  assertEquals(told({ troupe: { ...at, recovery: "recovered" } }), ["e:3", null]);
  assertEquals(told({ troupe: { ...at, recovery: "partial", gap: { from: 2, to: 3 } } }), [
    "e:3",
    'event: troupe:missed\ndata: {"count":2,"from":2,"to":3}\n\n',
  ]);
  const reset = (reason: string): string => `event: troupe:reset\ndata: {"reason":"${reason}"}\n\n`;
  assertEquals(told({ troupe: { ...at, recovery: "reset" } }), ["e:3", reset("another_history")]);
  assertEquals(told({ troupe: at }), ["e:3", reset("unknown_position")]);
  for (const other of [{}, null, [1], "text", { troupe: { session: "s" } }]) {
    assertEquals(told(other), [null, reset("no_history")]);
  }
});
