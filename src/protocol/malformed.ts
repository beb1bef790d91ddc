/**
 * How a codec says that it cannot read what came: what is wrong, what came, what is accepted, in the length of a close
 * reason.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { closeReason } from "./close_codes.ts";
import { MalformedMessage } from "./codec.ts";

/** How much of a value from outside a reason quotes, in UTF-16 units. */
const MAX_QUOTED_LENGTH = 24;

/** Makes a {@link MalformedMessage} whose message is `text`, cut to the length of a close reason. */
export function malformed(text: string): MalformedMessage {
  return new MalformedMessage(closeReason(text));
}

/** Names a value in few words: scalars are quoted (long ones cut), everything else is named by its kind. */
export function nameOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  if (typeof value !== "string") return String(value);
  if (value.length <= MAX_QUOTED_LENGTH) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, MAX_QUOTED_LENGTH))}…`;
}

/**
 * Reads JSON text. Throws {@link MalformedMessage} for whatever cannot be read, be it the text's fault or that of the
 * runtime's own limits (depth, memory).
 */
export function parseJson(text: string): unknown {
  if (text === "") throw malformed("not JSON: the message is empty");
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw malformed(`not JSON: ${messageOf(thrown)}`);
  }
}

/** Reads a topic or an event: a string, not empty, without lone surrogates. `at` goes before the field's name. */
export function readName(value: unknown, field: string, at: string): string {
  if (typeof value !== "string" || value === "") {
    throw malformed(`${at}${field} must be a non-empty string; got ${nameOf(value)}`);
  }
  return wellFormed(value, field, at);
}

/** Reads a ref: a string without lone surrogates, or `null`. `at` goes before the field's name. */
export function readRef(value: unknown, field: string, at: string): string | null {
  if (value === null) return null;
  if (typeof value !== "string") {
    throw malformed(`${at}${field} must be a string or null; got ${nameOf(value)}`);
  }
  return wellFormed(value, field, at);
}

/** A lone surrogate has no UTF-8 form: in a binary reply it would come back as another name. */
function wellFormed(value: string, field: string, at: string): string {
  if (!value.isWellFormed()) {
    throw malformed(`${at}${field} must be well-formed Unicode; got a lone surrogate`);
  }
  return value;
}
