// For --json-schema.
import type { JsonSchemaOf } from "../../../src/asyncapi/main.ts";

const jsonSchema: JsonSchemaOf = (schema) =>
  schema["~standard"].vendor === "by hand" ? { type: "string" } : undefined;

export default jsonSchema;
