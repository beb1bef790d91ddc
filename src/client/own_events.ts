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
export function checkOwnEvent(event: string, payload: unknown, forms: Forms): void {
  const form = forms[event] ?? (event.startsWith("troupe:") ? isRecord : null);
  if (form !== null && !form(payload)) {
    throw new MalformedMessage(`what goes with ${event} has another form`);
  }
}

/** Whether a payload has the form of its event. */
export type Form = (payload: unknown) => boolean;

/** The forms of the engine's own events, beyond being an object. */
export type Forms = { readonly [event: string]: Form | undefined };
