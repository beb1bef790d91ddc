import { PRESENCE_EVENT } from "../presence/presence_message.ts";

/**
 * What the engine itself publishes in a topic to say how things stand: who is present, how many there are. It is never left
 * out for a client that is behind, and not counted as missed by one that was away: that one is told how things stand when
 * it comes back.
 */
const OWN_EVENTS: ReadonlySet<string> = new Set(["presence_state", "presence_diff", PRESENCE_EVENT]);

/** Whether an event is one of those. */
export function isOwnEvent(event: string): boolean {
  return OWN_EVENTS.has(event);
}
