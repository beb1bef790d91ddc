import { assertEquals } from "@std/assert";
import { z } from "zod";
import { check } from "../../src/contract/schema.ts";
import { orElse } from "../../src/sessions/resumed_reply.ts";

Deno.test("What resumed answers: nothing stands for the answer before, which is not checked again", async () => {
  const schema = z.object({ n: z.string().transform(Number) });
  assertEquals(await check(orElse(schema, { n: 7 }), undefined), { ok: true, value: { n: 7 } });
  assertEquals(await check(orElse(schema, { n: 7 }), { n: "8" }), { ok: true, value: { n: 8 } });
  assertEquals((await check(orElse(schema, { n: 7 }), { n: 8 })).ok, false);
  assertEquals(await check(orElse(null, "before"), undefined), { ok: true, value: "before" });
  assertEquals(await check(orElse(null, "before"), null), { ok: true, value: null });
});
