/**
 * The events of the protocol's own, and what goes with them.
 *
 * @module
 */

import { isRecord } from "../base/record.ts";
import { MalformedMessage } from "../protocol/codec.ts";

/**
 * Looks at what came with an event of the protocol's own: whoever takes it relies on its form. Other events are their
 * contract's. Throws `MalformedMessage`.
 */
export function checkOwnEvent(event: string, payload: unknown): void {
  if (!hasOwnForm(event, payload)) {
    throw new MalformedMessage(`what goes with ${event} has another form`);
  }
}

/** Whether it has the form of what goes with that event; `true` for events that are not the protocol's own. */
export function hasOwnForm(event: string, payload: unknown): boolean {
  const form = FORMS[event] ?? (event.startsWith("troupe:") ? isRecord : null);
  return form === null || form(payload);
}

type Form = (value: unknown) => boolean;

const FORMS: { readonly [event: string]: Form | undefined } = Object.assign(Object.create(null), {
  presence_state: isPresent,
  presence_diff: (value: unknown) => isRecord(value) && isPresent(value.joins) && isPresent(value.leaves),
  "troupe:presence": (value: unknown) =>
    isRecord(value) && typeof value.count === "number" &&
    [value.sample, value.page].every((part) => part === undefined || isPresent(part)),
});

/** Keys, and their presences. */
function isPresent(value: unknown): boolean {
  return isRecord(value) &&
    Object.values(value).every((entry) =>
      isRecord(entry) && Array.isArray(entry.metas) && entry.metas.every(isRecord)
    );
}
