import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { TroupeError } from "../../src/base/errors.ts";
import {
  anyRecord,
  bytes,
  check,
  isBytes,
  isSchema,
  type Issue,
  MAX_ISSUE_LENGTH,
  MAX_ISSUES,
  type Schema,
  type SchemaProps,
  type SchemaResult,
} from "../../src/contract/schema.ts";

/** A schema by hand, as no library makes it. */
function byHand<Output>(validate: SchemaProps<Output, Output>["validate"]): Schema<Output> {
  return { "~standard": { version: 1, vendor: "by-hand", validate } };
}

const evenNumber = (value: unknown): SchemaResult<number> =>
  typeof value === "number" && value % 2 === 0 ? { value } : { issues: [{ message: "not even" }] };

async function issuesOf(schema: Schema, value: unknown): Promise<readonly Issue[]> {
  const checked = await check(schema, value);
  assert(!checked.ok, "the value should have been refused");
  return checked.issues;
}

Deno.test("check gives the schema's output, not its input", () => {
  const schema = z.object({ at: z.string().transform(Number) });
  assertEquals(check(schema, { at: "7" }), { ok: true, value: { at: 7 } });
});

Deno.test("check names the place of each fault: fields and array indices by dots, the root by nothing", async () => {
  const schema = z.object({ items: z.array(z.object({ name: z.string() })) });
  assertEquals((await issuesOf(schema, { items: [{ name: 1 }] }))[0].path, "items.0.name");
  assertEquals((await issuesOf(schema, "text"))[0].path, "");
});

Deno.test("check reads paths with bare keys, wrapped keys and symbols", async () => {
  const schema = byHand(() => ({ issues: [{ message: "no", path: ["a", { key: 0 }, Symbol("s")] }] }));
  assertEquals(await issuesOf(schema, null), [{ path: "a.0.Symbol(s)", message: "no" }]);
});

Deno.test("check takes a schema by hand, at once", () => {
  assertEquals(check(byHand(evenNumber), 2), { ok: true, value: 2 });
  assertEquals(check(byHand(evenNumber), 3), { ok: false, issues: [{ path: "", message: "not even" }] });
});

Deno.test("check takes an asynchronous schema by hand, and answers with a promise then alone", async () => {
  const checked = check(byHand((value) => Promise.resolve(evenNumber(value))), 3);
  assert(checked instanceof Promise);
  assertEquals(await checked, { ok: false, issues: [{ path: "", message: "not even" }] });
  const zod = check(z.string().refine((text) => Promise.resolve(text === "yes")), "yes");
  assert(zod instanceof Promise);
  assertEquals(await zod, { ok: true, value: "yes" });
});

Deno.test("check takes a schema that is a function", () => {
  const schema = Object.assign(() => {}, byHand(evenNumber));
  assert(isSchema(schema));
  assertEquals(check(schema, 4), { ok: true, value: 4 });
});

Deno.test("check lets out at most MAX_ISSUES issues", async () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  assertEquals((await issuesOf(z.array(z.string()), values)).length, MAX_ISSUES);
});

Deno.test("check cuts a long message or path, between characters", async () => {
  const long = "x".repeat(MAX_ISSUE_LENGTH - 2) + "😀".repeat(9);
  const [issue] = await issuesOf(byHand(() => ({ issues: [{ message: long, path: [long] }] })), null);
  for (const text of [issue.message, issue.path]) {
    assertEquals(text, "x".repeat(MAX_ISSUE_LENGTH - 2) + "…");
    assert(text.isWellFormed());
  }
  const exact = "x".repeat(MAX_ISSUE_LENGTH);
  assertEquals((await issuesOf(byHand(() => ({ issues: [{ message: exact }] })), null))[0].message, exact);
});

Deno.test("check refuses with an issue even if the schema names none", async () => {
  assertEquals((await issuesOf(byHand(() => ({ issues: [] })), null)).length, 1);
});

Deno.test("check blames the program, not the sender, for a schema that throws", () => {
  const cause = new Error("boom");
  const error = assertThrows(
    () =>
      check(
        byHand(() => {
          throw cause;
        }),
        1,
      ),
    TroupeError,
    "boom",
  );
  assertEquals(error.code, "schema_failed");
  assertStrictEquals(error.cause, cause);
});

Deno.test("check blames the program for an asynchronous schema that rejects", async () => {
  const checked = check(byHand(() => Promise.reject(new Error("boom"))), 1);
  const error = await assertRejects(() => Promise.resolve(checked), TroupeError, "boom");
  assertEquals(error.code, "schema_failed");
});

Deno.test("check blames the program for an answer that the standard does not know", async () => {
  const answers: unknown[] = [undefined, null, 7, {}, { issues: "no" }, { issues: [null] }];
  for (const answer of answers) {
    const sync = byHand(() => answer as SchemaResult<number>);
    assertEquals(assertThrows(() => check(sync, 1), TroupeError).code, "schema_failed");
    const later = byHand(() => Promise.resolve(answer as SchemaResult<number>));
    const error = await assertRejects(async () => await check(later, 1), TroupeError);
    assertEquals(error.code, "schema_failed");
  }
});

Deno.test("isSchema knows a Standard Schema v1 and nothing else", () => {
  for (const schema of [z.string(), bytes(), anyRecord, byHand(evenNumber)]) assert(isSchema(schema));
  const others = [null, undefined, 1, "z", {}, [], () => {}, { "~standard": null }, {
    "~standard": { version: 2 },
  }];
  for (const other of others) assertEquals(isSchema(other), false);
  fc.assert(fc.property(fc.anything(), (value) => !isSchema(value)));
});

Deno.test("anyRecord takes objects as they are, and no array, bare value or binary data", async () => {
  const value = { a: 1 };
  const checked = await check(anyRecord, value);
  assertStrictEquals(checked.ok && checked.value, value);
  for (const other of [null, undefined, 1, "text", true, [], new Uint8Array(1), new ArrayBuffer(1)]) {
    assertEquals((await issuesOf(anyRecord, other))[0].path, "");
  }
});

Deno.test("bytes takes a Uint8Array as it is and views an ArrayBuffer without a copy", async () => {
  const array = new Uint8Array([1, 2]);
  const checked = await check(bytes(), array);
  assertStrictEquals(checked.ok && checked.value, array);
  const viewed = await check(bytes(), array.buffer);
  assert(viewed.ok);
  assertStrictEquals(viewed.value.buffer, array.buffer);
});

Deno.test("bytes copies shared memory, which could change under a frame", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  const checked = await check(bytes(), shared);
  shared[0] = 9;
  assertEquals(checked, { ok: true, value: new Uint8Array(2) });
});

Deno.test("bytes refuses whatever is not binary", async () => {
  for (
    const other of [null, "text", [1, 2], { 0: 1 }, new Float32Array(1), new DataView(new ArrayBuffer(1))]
  ) {
    assertEquals((await issuesOf(bytes(), other)).length, 1);
  }
});

Deno.test("bytes refuses more than maxBytes, and takes exactly maxBytes", async () => {
  const schema = bytes({ maxBytes: 2 });
  assertEquals((await check(schema, new Uint8Array(2))).ok, true);
  assertEquals(
    (await issuesOf(schema, new Uint8Array(3)))[0].message,
    "expected at most 2 bytes, received 3",
  );
});

Deno.test("bytes refuses a maxBytes that is no size", () => {
  for (const maxBytes of [0, -1, 1.5, NaN]) {
    assertEquals(assertThrows(() => bytes({ maxBytes }), TroupeError).code, "invalid_option");
  }
});

Deno.test("isBytes knows bytes() from every other schema", () => {
  assertEquals(isBytes(bytes()), true);
  assertEquals([z.instanceof(Uint8Array), anyRecord, byHand(evenNumber)].map(isBytes), [false, false, false]);
});
