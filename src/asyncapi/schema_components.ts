import type { JsonSchema } from "./document.ts";
import { keyOf } from "./names.ts";

/** Keywords whose value has a schema for each of its keys, which may be named like keywords. */
const MAPS = new Set([
  "properties",
  "patternProperties",
  "definitions",
  "$defs",
  "dependencies",
  "dependentSchemas",
]);
/** Keywords whose value is data, not a schema. */
const DATA = new Set(["const", "enum", "default", "examples"]);

/** A schema that moves into the document's components. */
interface Moved {
  /** The name that it would have there, if it were the first. */
  readonly wanted: string;
  readonly schema: JsonSchema;
}

/**
 * Puts schemas that refer to parts of themselves into one document: what is referred to moves into the document's
 * `components.schemas`, once for all that are the same, and the references follow it there.
 */
export class SchemaComponents {
  readonly #schemas = new Map<string, JsonSchema>();

  /** What has moved there, by name. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(this.#schemas);
  }

  /**
   * The schema, as it can stand anywhere in the document.
   *
   * @param schema A JSON Schema whose references (`#/definitions/…`, `#/$defs/…`, `#/…`, `#`) are to itself.
   * @param name What is made of it where a part of it has no name of its own.
   */
  embed(schema: JsonSchema, name: string): JsonSchema {
    const { $schema: _schema, $id: _id, definitions, $defs, ...root } = schema;
    const parts = new Map<string, Moved>();
    for (const [keyword, held] of [["definitions", definitions], ["$defs", $defs]] as const) {
      for (const [key, part] of Object.entries(held ?? {})) {
        parts.set(pointer([keyword, key]), { wanted: partName(name, key), schema: part as JsonSchema });
      }
    }
    const isWhole = (ref: string): boolean => !parts.has(pointer(steps(ref).slice(0, 2)));
    if (
      [root, ...[...parts.values()].map((part) => part.schema)].some((each) => refsOf(each).some(isWhole))
    ) {
      parts.set("", { wanted: keyOf(...name.split(".")), schema: root });
    }
    const names = this.#place(parts);
    return parts.has("") ? refTo(names.get("")!, []) : rewrite(root, names);
  }

  /** Finds names for all parts at once, since each may refer to each. */
  #place(parts: ReadonlyMap<string, Moved>): ReadonlyMap<string, string> {
    for (let n = 1;; n++) {
      const names = new Map<string, string>();
      for (const [at, { wanted }] of parts) {
        let name = n === 1 ? wanted : `${wanted}_${n}`;
        while ([...names.values()].includes(name)) name += "_";
        names.set(at, name);
      }
      const placed = [...parts].map(([at, { schema }]) => [names.get(at)!, rewrite(schema, names)] as const);
      const isFree = placed.every(([name, schema]) => {
        const held = this.#schemas.get(name);
        return held === undefined || JSON.stringify(held) === JSON.stringify(schema);
      });
      if (!isFree) continue;
      for (const [name, schema] of placed) this.#schemas.set(name, schema);
      return names;
    }
  }
}

/** zod calls parts without an id `__schema0`: the name of the whole says more. */
function partName(whole: string, key: string): string {
  return key.startsWith("__") ? keyOf(...whole.split("."), key.slice(2)) : keyOf(key);
}

/** A copy in which each reference to a part, or to the whole (the name of `""`), leads to the components. */
function rewrite(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  return walk(schema, (ref) => {
    const path = steps(ref);
    const name = names.get(pointer(path.slice(0, 2)));
    return name === undefined ? refTo(names.get("")!, path).$ref : refTo(name, path.slice(2)).$ref;
  });
}

/** Every reference to itself in a schema. */
function refsOf(schema: JsonSchema): readonly string[] {
  const refs: string[] = [];
  walk(schema, (ref) => {
    refs.push(ref);
    return ref;
  });
  return refs;
}

function walk(schema: JsonSchema, onRef: (ref: string) => string): JsonSchema {
  const each = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(each);
    return typeof value === "object" && value !== null ? walk(value as JsonSchema, onRef) : value;
  };
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]): [string, unknown] => {
      if (key === "$ref" && typeof value === "string" && value.startsWith("#")) return [key, onRef(value)];
      if (DATA.has(key)) return [key, value];
      if (!MAPS.has(key) || typeof value !== "object" || value === null) return [key, each(value)];
      return [key, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, each(part)]))];
    }),
  );
}

/** `#/definitions/a~1b` → `["definitions", "a/b"]`, percent-encoded or not. */
function steps(ref: string): readonly string[] {
  let text = ref.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // It is not percent-encoded: zod leaves a % as it is.
  }
  return text.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function pointer(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function refTo(name: string, path: readonly string[]): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}${encodeURI(pointer(path))}` };
}
