import { assertEquals } from "@std/assert";
import { z } from "zod";
import type { JsonSchema } from "../../src/asyncapi/document.ts";
import { SchemaComponents } from "../../src/asyncapi/schema_components.ts";

const draft7 = (schema: z.ZodType, io: "input" | "output" = "output"): JsonSchema => ({
  ...z.toJSONSchema(schema, { target: "draft-7", io }),
});

const Tree = z.object({
  name: z.string(),
  get kids() {
    return z.array(Tree);
  },
});

Deno.test("a schema without references stays where it is", () => {
  const components = new SchemaComponents();
  assertEquals(components.embed(draft7(z.string()), "a"), { type: "string" });
  assertEquals(components.schemas, {});
});

Deno.test("a schema that holds itself moves to the components, under the name of its place", () => {
  const components = new SchemaComponents();
  const ref = { $ref: "#/components/schemas/room.say" };
  assertEquals(components.embed(draft7(Tree), "room.say"), ref);
  const { "room.say": { properties } } = components.schemas;
  assertEquals(properties, { name: { type: "string" }, kids: { type: "array", items: ref } });
});

Deno.test("a part with an id keeps it as its name, and is there once for all that use it", () => {
  const components = new SchemaComponents();
  const User = z.object({ id: z.string() }).meta({ id: "User" });
  const ref = { $ref: "#/components/schemas/User" };
  assertEquals(components.embed(draft7(z.array(User)), "a").items, ref);
  assertEquals(components.embed(draft7(User), "b"), ref);
  assertEquals(Object.keys(components.schemas), ["User"]);
});

Deno.test("a part whose input and output differ has two names", () => {
  const components = new SchemaComponents();
  const User = z.object({ id: z.string().default("") }).meta({ id: "User_of_two_sides" });
  components.embed(draft7(z.array(User), "input"), "a");
  const { items } = components.embed(draft7(z.array(User), "output"), "b");
  assertEquals(items, { $ref: "#/components/schemas/User_of_two_sides_2" });
  assertEquals(components.schemas.User_of_two_sides_2.required, ["id"]);
});

Deno.test("a part without an id is called after its place", () => {
  const components = new SchemaComponents();
  const { properties } = components.embed(draft7(z.object({ root: Tree, other: Tree })), "room.say");
  const ref = { $ref: "#/components/schemas/room.say.schema0" };
  assertEquals(properties, { root: ref, other: ref });
  assertEquals((components.schemas["room.say.schema0"].properties as JsonSchema).kids, {
    type: "array",
    items: ref,
  });
});

Deno.test("two parts whose names differ only in what keys do not accept stay two", () => {
  const components = new SchemaComponents();
  const schema = {
    items: [{ $ref: "#/definitions/a~1b" }, { $ref: "#/$defs/a%20b" }],
    definitions: { "a/b": { type: "string" } },
    $defs: { "a b": { type: "number" } },
  };
  const { items } = components.embed(schema, "x");
  assertEquals(items, [{ $ref: "#/components/schemas/a_b" }, { $ref: "#/components/schemas/a_b_" }]);
  assertEquals(components.schemas, { a_b: { type: "string" }, a_b_: { type: "number" } });
});

Deno.test("references to places inside follow what they are inside of", () => {
  const components = new SchemaComponents();
  const schema = {
    type: "object",
    properties: {
      a: { type: "string" },
      b: { $ref: "#/properties/a" },
      c: { $ref: "#/definitions/d/properties/e%20f" },
    },
    definitions: { d: { properties: { "e f": { type: "null" } } } },
  };
  assertEquals(components.embed(schema, "x"), { $ref: "#/components/schemas/x" });
  assertEquals(components.schemas.x.properties, {
    a: { type: "string" },
    b: { $ref: "#/components/schemas/x/properties/a" },
    c: { $ref: "#/components/schemas/d/properties/e%20f" },
  });
});

Deno.test("data and names of properties that look like references are left alone", () => {
  const schema = {
    properties: { $ref: { type: "string" }, default: { $ref: "#/definitions/d" } },
    default: { $ref: "#/definitions/d" },
    enum: [{ $ref: "#" }],
  };
  const components = new SchemaComponents();
  assertEquals(components.embed({ ...schema, definitions: { d: {} } }, "x"), {
    ...schema,
    properties: { $ref: { type: "string" }, default: { $ref: "#/components/schemas/d" } },
  });
});
