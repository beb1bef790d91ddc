import { z } from "zod";
import { messageOf, TroupeError } from "../base/errors.ts";
import type { Schema } from "../contract/schema.ts";
import type { JsonSchema } from "./document.ts";

/** Where in a contract a schema stands, and which side of it is on the wire. */
export interface SchemaPlace {
  /** The contract's pattern. */
  readonly contract: string;
  /** The keys from the definition's root, e.g. `["client", "say", "payload"]`. */
  readonly path: readonly string[];
  /**
   * `input`: what a client sends, before validation. `output`: what the server sends, as validation has made it. A
   * schema with defaults or transforms differs in the two.
   */
  readonly io: "input" | "output";
}

/**
 * Gives the JSON Schema (draft 07, references within itself) of a contract's schema; `undefined` leaves it to zod's
 * own. It is asked for every schema but `bytes()`.
 */
export type JsonSchemaOf = (schema: Schema, place: SchemaPlace) => JsonSchema | undefined;

/** What can be done about a schema of zod's that JSON Schema cannot say. */
const REPRESENTABLE =
  "what JSON can carry: z.iso.datetime() instead of z.date(), .pipe(z.number()) behind a transform, " +
  "a text instead of a bigint; or the option jsonSchema (--json-schema FILE), which gives the JSON Schema of this one";

/** What can be done about a schema that is not zod's. */
const CONVERTIBLE =
  "schemas of zod 4, and for others the option jsonSchema, a function that gives their JSON Schema " +
  "(on the command line --json-schema FILE, whose default export it is)";

/**
 * The JSON Schema of what is on the wire: what the option says, else zod's own.
 *
 * @throws {TroupeError} `no_json_schema` for a schema that is not zod's where the option says nothing;
 * `unrepresentable_schema` for one of zod's that JSON Schema cannot say. Both name the place, and what can be done.
 */
export function toJsonSchema(schema: Schema, place: SchemaPlace, jsonSchema?: JsonSchemaOf): JsonSchema {
  const given: unknown = jsonSchema?.(schema, place);
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as JsonSchema;
  if (given !== undefined) {
    const fault = `the option jsonSchema has given ${inspect(given)}`;
    throw refused("no_json_schema", place, fault, "an object, or undefined to leave it to zod");
  }
  if (!isZod(schema)) {
    const { vendor } = schema["~standard"];
    const fault = vendor === "zod"
      ? "the schema is of a zod before 4"
      : `the schema is of "${vendor}", not of zod`;
    throw refused("no_json_schema", place, fault, CONVERTIBLE);
  }
  try {
    return convert(schema, place.io);
  } catch (error) {
    const inside = culprit(schema, place.io);
    const fault = `${inside === "" ? "" : `at ${inside}: `}${messageOf(error)}`;
    throw refused("unrepresentable_schema", place, fault, REPRESENTABLE, { inside, cause: error });
  }
}

type ZodSchema = z.core.$ZodType;

function isZod(schema: Schema): schema is Schema & ZodSchema {
  return schema["~standard"].vendor === "zod" && "_zod" in schema;
}

function convert(schema: ZodSchema, io: SchemaPlace["io"]): JsonSchema {
  return { ...z.toJSONSchema(schema, { target: "draft-7", io }) };
}

/** Where inside of a schema is what JSON Schema cannot say, as a path; zod's own error does not tell. */
function culprit(schema: ZodSchema, io: SchemaPlace["io"]): string {
  let deepest: readonly (string | number)[] = [];
  const look = (part: ZodSchema, path: readonly (string | number)[]): void => {
    if (path.length <= deepest.length) return;
    try {
      convert(part, io);
    } catch {
      deepest = [...path];
    }
  };
  try {
    z.toJSONSchema(schema, {
      target: "draft-7",
      io,
      unrepresentable: "any",
      override: ({ zodSchema, path }) => look(zodSchema, path),
    });
  } catch {
    // The fault is of another kind, e.g. an id that occurs twice: it has no place.
  }
  return readable(deepest);
}

/** `properties/list/items/properties/at` → `list[].at`. */
function readable(path: readonly (string | number)[]): string {
  let text = "";
  for (let i = 0; i < path.length; i++) {
    if (path[i] === "items") text += "[]";
    else {text += `${text === "" ? "" : "."}${
        path[i] === "properties" && i + 1 < path.length ? path[++i] : path[i]
      }`;}
  }
  return text;
}

function inspect(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function refused(
  code: string,
  { contract, path, io }: SchemaPlace,
  fault: string,
  accepted: string,
  { inside = "", cause }: { readonly inside?: string; readonly cause?: unknown } = {},
): TroupeError {
  const at = path.join(".");
  const side = io === "input" ? "as clients send it" : "as the server sends it";
  return new TroupeError(
    code,
    `Cannot describe ${at} of the topic "${contract}", ${side}: ${fault}. Accepted: ${accepted}`,
    { cause, details: { contract, at, inside, io } },
  );
}
