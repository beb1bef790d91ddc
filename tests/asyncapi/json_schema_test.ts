import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import * as mini from "zod/mini";
import * as z3 from "zod/v3";
import { type JsonSchemaOf, type SchemaPlace, toJsonSchema } from "../../src/asyncapi/json_schema.ts";
import { TroupeError } from "../../src/base/errors.ts";
import type { Schema } from "../../src/contract/schema.ts";

const SENT: SchemaPlace = { contract: "room:{id}", path: ["client", "say", "payload"], io: "input" };
const SAID: SchemaPlace = { contract: "room:{id}", path: ["server", "said"], io: "output" };

const byHand: Schema = {
  "~standard": { version: 1, vendor: "by hand", validate: (value) => ({ value }) },
};

function refusal(schema: Schema, place: SchemaPlace, jsonSchema?: JsonSchemaOf): TroupeError {
  return assertThrows(() => toJsonSchema(schema, place, jsonSchema), TroupeError);
}

Deno.test("what clients send is the input of a schema, what the server sends its output", () => {
  const schema = z.object({
    size: z.string().transform(Number).pipe(z.number()),
    color: z.string().default("red"),
  });
  const { properties: sent, required: needed } = toJsonSchema(schema, SENT);
  assertEquals([sent, needed], [{ size: { type: "string" }, color: { type: "string", default: "red" } }, [
    "size",
  ]]);
  const { properties: said, required: there } = toJsonSchema(schema, SAID);
  assertEquals([said, there], [
    { size: { type: "number" }, color: { type: "string", default: "red" } },
    ["size", "color"],
  ]);
});

Deno.test("schemas of zod/mini are zod's too", () => {
  assertEquals(toJsonSchema(mini.object({ text: mini.string() }), SENT).properties, {
    text: { type: "string" },
  });
});

Deno.test("a schema that is not zod's needs the option jsonSchema: the error says where, whose it is and what to do", () => {
  const { code, message, details } = refusal(byHand, SENT);
  assertEquals(code, "no_json_schema");
  assertStringIncludes(
    message,
    'Cannot describe client.say.payload of the topic "room:{id}", as clients send it',
  );
  assertStringIncludes(message, 'the schema is of "by hand", not of zod');
  assertStringIncludes(message, "the option jsonSchema, a function that gives their JSON Schema");
  assertStringIncludes(message, "--json-schema FILE");
  assertEquals(details.at, "client.say.payload");
});

Deno.test("a schema of zod 3 is none of zod 4", () => {
  const old = z3.z.object({ text: z3.z.string() }) as unknown as Schema;
  const { code, message } = refusal(old, SENT);
  assertEquals(code, "no_json_schema");
  assertStringIncludes(message, "the schema is of a zod before 4");
});

Deno.test("the option is asked first, with the place, and leaves to zod what it does not know", () => {
  const asked: SchemaPlace[] = [];
  const jsonSchema: JsonSchemaOf = (schema, place) => {
    asked.push(place);
    return schema === byHand ? { type: "string" } : undefined;
  };
  assertEquals(toJsonSchema(byHand, SENT, jsonSchema), { type: "string" });
  assertEquals(toJsonSchema(z.number(), SAID, jsonSchema).type, "number");
  assertEquals(asked, [SENT, SAID]);
});

Deno.test("an option that gives no object is told so", () => {
  for (const [given, name] of [[null, "null"], [true, "a boolean"], [[], "an array"]] as const) {
    const { code, message } = refusal(byHand, SENT, () => given as never);
    assertEquals(code, "no_json_schema");
    assertStringIncludes(
      message,
      `the option jsonSchema has given ${name}. Accepted: an object, or undefined`,
    );
  }
});

Deno.test("what JSON Schema cannot say is refused with its place, also deep inside, and with what can be done", () => {
  const schema = z.object({ list: z.array(z.object({ at: z.date() })), name: z.string() });
  const { code, message, details, cause } = refusal(schema, SAID);
  assertEquals([code, details.inside], ["unrepresentable_schema", "list[].at"]);
  assertStringIncludes(
    message,
    'Cannot describe server.said of the topic "room:{id}", as the server sends it',
  );
  assertStringIncludes(message, "at list[].at: Date cannot be represented");
  assertStringIncludes(message, "z.iso.datetime() instead of z.date()");
  assertEquals(cause instanceof Error, true);
});

Deno.test("the place inside is found under names that are keywords, in unions, and where it is the whole", () => {
  const places: [Schema, string][] = [
    [z.object({ properties: z.object({ items: z.bigint() }) }), "properties.items"],
    [z.object({ either: z.union([z.string(), z.date()]) }), "either.anyOf.1"],
    [z.record(z.string(), z.date()), "additionalProperties"],
    [z.string().transform(Number), ""],
  ];
  for (const [schema, inside] of places) assertEquals(refusal(schema, SAID).details.inside, inside);
});

Deno.test("a fault without a place inside, e.g. an id that two schemas have, is told all the same", () => {
  const ids = z.registry<{ id: string }>();
  const [one, two] = [z.string(), z.number()];
  ids.add(one, { id: "twice" });
  z.globalRegistry.add(one, { id: "twice" }).add(two, { id: "twice" });
  const { code, details } = refusal(z.object({ one, two }), SENT);
  z.globalRegistry.remove(one).remove(two);
  assertEquals([code, details.inside], ["unrepresentable_schema", ""]);
});
