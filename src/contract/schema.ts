/**
 * What a payload may look like. Any schema library that speaks Standard Schema v1 (https://standardschema.dev) fits:
 * zod, Valibot, ArkType, or twenty lines by hand. The interface is our own copy, so that no library is named in a
 * public signature.
 *
 * @module
 */

import { messageOf, TroupeError } from "../base/errors.ts";
import { isRecord } from "../base/record.ts";

/** A schema as Standard Schema v1 describes it. `Input` is what may come in, `Output` what validation makes of it. */
export interface Schema<Input = unknown, Output = Input> {
  /** The standard's own namespace. */
  readonly "~standard": SchemaProps<Input, Output>;
}

/** The contents of a schema's `~standard` property. */
export interface SchemaProps<Input = unknown, Output = Input> {
  /** The version of the standard. */
  readonly version: 1;
  /** The library that made the schema. */
  readonly vendor: string;
  /** Validates a value. MUST report a fault in the value as issues and MUST NOT throw for it. */
  readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  /** For the type checker only; nothing reads it at run time. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** What a schema's `validate` answers: a value, or issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One fault in a value, as the standard writes it. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where: keys from the root to the fault, bare or wrapped. Absent or empty for the root. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type that a schema accepts. */
export type InferInput<S extends Schema> = S extends Schema<infer Input, unknown> ? Input : never;

/** The type that a schema produces. */
export type InferOutput<S extends Schema> = S extends Schema<unknown, infer Output> ? Output : never;

/** One fault in a value, as it goes to a client. */
export interface Issue {
  /** Where, e.g. `text` or `items.0.name`; empty for the value as a whole. A dot inside a key is not escaped. */
  readonly path: string;
  /** What is wrong, for people. */
  readonly message: string;
}

/** What {@link check} found. */
export type Checked<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** The most issues that {@link check} gives for one value; the rest are dropped. */
export const MAX_ISSUES = 16;
/** The most UTF-16 units of a path or a message in an {@link Issue}; a longer one is cut and ends in `…`. */
export const MAX_ISSUE_LENGTH = 256;

/**
 * Validates a value from outside. Gives the schema's output, or at most {@link MAX_ISSUES} issues; gives a promise of
 * that if, and only if, the schema answers with a promise.
 *
 * @param schema Any Standard Schema.
 * @param value Anything.
 * @returns `{ ok: true, value }` or `{ ok: false, issues }`, of which there is at least one.
 * @throws {TroupeError} `schema_failed` (thrown, or the promise rejects) if the schema itself throws, rejects or
 * answers something that the standard does not know: a fault of the program, never of the value's sender.
 *
 * @example
 * ```ts
 * import { check } from "@troupe/core/contract";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = z.object({ text: z.string() });
 * assertEquals(await check(schema, { text: "hi" }), { ok: true, value: { text: "hi" } });
 *
 * const refused = await check(schema, { text: 7 });
 * assertEquals(refused.ok ? [] : refused.issues.map((issue) => issue.path), ["text"]);
 * ```
 */
export function check<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
): Checked<Output> | Promise<Checked<Output>> {
  const checked = validate(schema, value);
  return checked instanceof Promise ? checked.then(bounded) : bounded(checked);
}

/** The same, for one who trusts the value's sender to be wrong in few places: the issues have no bounds. */
export function validate<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
): Checked<Output> | Promise<Checked<Output>> {
  const { vendor, validate } = schema["~standard"];
  try {
    const result = validate(value);
    if (!isPromise(result)) return read(result);
    return Promise.resolve(result).then(read).catch((thrown) => {
      throw schemaFailed(vendor, thrown);
    });
  } catch (thrown) {
    throw schemaFailed(vendor, thrown);
  }
}

/** Whether a value is a Standard Schema v1. Some libraries' schemas are functions. Never throws. */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const props = (value as Partial<Schema>)["~standard"];
  return typeof props === "object" && props !== null && props.version === 1 &&
    typeof props.validate === "function";
}

/** An object whose fields nobody promised. */
export type AnyRecord = Readonly<Record<string, unknown>>;

/**
 * Accepts any object that is neither an array nor binary, as it is. It stands in for a payload schema that a contract
 * leaves out, so that a handler can always read a field.
 */
export const anyRecord: Schema<AnyRecord, AnyRecord> = Object.freeze({
  "~standard": Object.freeze({
    version: 1,
    vendor: "troupe",
    validate(value: unknown): SchemaResult<AnyRecord> {
      if (isRecord(value)) return { value };
      return { issues: [{ message: `expected an object, received ${kindOf(value)}` }] };
    },
  }),
});

/** What a `bytes()` schema accepts. */
export type BytesInput = Uint8Array | ArrayBuffer;

/** The schema of a binary message; {@link bytes} makes it and {@link isBytes} knows it. */
export interface BytesSchema extends Schema<BytesInput, Uint8Array<ArrayBuffer>> {
  /** Tells it from other schemas. */
  readonly kind: "bytes";
  /** The most bytes that it accepts; `Infinity` where only the transport's limit holds. */
  readonly maxBytes: number;
}

/** What {@link bytes} can be told. */
export interface BytesOptions {
  /** The most bytes that are accepted. Default: no limit but the transport's. */
  readonly maxBytes?: number;
}

/**
 * The schema of a binary message. Accepts a `Uint8Array` or an `ArrayBuffer`, gives a `Uint8Array` on the same memory
 * (a copy only where the memory is shared with another thread).
 *
 * @throws {TroupeError} `invalid_option` if `maxBytes` is not a whole number of at least 1 (or `Infinity`).
 *
 * @example
 * ```ts
 * import { bytes, check, isBytes } from "@troupe/core/contract";
 * import { assertEquals } from "@std/assert";
 *
 * const stroke = bytes({ maxBytes: 4 });
 * assertEquals(isBytes(stroke), true);
 * assertEquals(await check(stroke, new ArrayBuffer(2)), { ok: true, value: new Uint8Array(2) });
 * assertEquals((await check(stroke, new ArrayBuffer(5))).ok, false);
 * ```
 */
export function bytes(options: BytesOptions = {}): BytesSchema {
  const maxBytes = options.maxBytes ?? Infinity;
  if (maxBytes !== Infinity && !(Number.isSafeInteger(maxBytes) && maxBytes >= 1)) {
    throw new TroupeError(
      "invalid_option",
      `Cannot make bytes({ maxBytes: ${maxBytes} }): accepted is a whole number of at least 1, or no maxBytes at all`,
      { details: { option: "maxBytes", value: maxBytes } },
    );
  }
  const validate = (value: unknown): SchemaResult<Uint8Array<ArrayBuffer>> => {
    if (!(value instanceof Uint8Array) && !(value instanceof ArrayBuffer)) {
      return { issues: [{ message: `expected binary data, received ${kindOf(value)}` }] };
    }
    if (value.byteLength > maxBytes) {
      return { issues: [{ message: `expected at most ${maxBytes} bytes, received ${value.byteLength}` }] };
    }
    return { value: toBytes(value) };
  };
  return Object.freeze({
    kind: "bytes",
    maxBytes,
    "~standard": Object.freeze({ version: 1, vendor: "troupe", validate }),
  });
}

/** Whether a schema came from {@link bytes}: its messages are binary. */
export function isBytes(schema: Schema): schema is BytesSchema {
  return schema["~standard"].vendor === "troupe" && (schema as Partial<BytesSchema>).kind === "bytes";
}

function toBytes(value: BytesInput): Uint8Array<ArrayBuffer> {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  // Shared memory could change under a frame that many subscribers share.
  return value.buffer instanceof ArrayBuffer ? value as Uint8Array<ArrayBuffer> : new Uint8Array(value);
}

function read<Output>(result: SchemaResult<Output>): Checked<Output> {
  if (result.issues !== undefined) return { ok: false, issues: result.issues.map(toIssue) };
  if ("value" in result) return { ok: true, value: result.value };
  throw new TypeError("the result has neither a value nor issues");
}

function toIssue({ path = [], message }: SchemaIssue): Issue {
  const keys = path.map((step) => String(typeof step === "object" ? step.key : step));
  return { path: keys.join("."), message: String(message) };
}

function bounded<Output>(checked: Checked<Output>): Checked<Output> {
  if (checked.ok) return checked;
  const issues = checked.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: cut(path),
    message: cut(message),
  }));
  return { ok: false, issues: issues.length > 0 ? issues : [{ path: "", message: "refused" }] };
}

/** Cuts between characters: half a surrogate pair would reach the client as U+FFFD. */
function cut(text: string): string {
  if (text.length <= MAX_ISSUE_LENGTH) return text;
  const kept = text.slice(0, MAX_ISSUE_LENGTH - 1);
  return (/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept) + "…";
}

/** `Array`, `Null`, `String`, `Uint8Array`, … */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | null)?.then === "function";
}

function schemaFailed(vendor: string, thrown: unknown): TroupeError {
  return new TroupeError(
    "schema_failed",
    `The schema (vendor "${vendor}") failed: ${messageOf(thrown)}`,
    { cause: thrown, details: { vendor } },
  );
}
