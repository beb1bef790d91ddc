/**
 * Objects that JSON has.
 *
 * @module
 */

/** Whether a value is an object that is neither an array nor binary. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value);
}
