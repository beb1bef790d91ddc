import type { Schema } from "../contract/schema.ts";

/**
 * What a `resumed` handler may answer: nothing, which stands for `before`, what the client was answered the last time;
 * or what `schema` accepts, `null` being anything.
 */
export function orElse(schema: Schema | null, before: unknown): Schema {
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      validate(value) {
        if (value === undefined) return { value: before };
        return schema === null ? { value } : schema["~standard"].validate(value);
      },
    },
  };
}
