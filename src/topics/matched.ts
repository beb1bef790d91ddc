import { JsonText } from "../base/json_text.ts";
import { bytesOf, payloadText } from "../protocol/payload.ts";
import { BYTES_MEMBER } from "../protocol/textual.ts";
import { Publication, type SubscriberFilter } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";

/** The event that members of a pattern get, whatever the event of the publication. */
export const MATCHED_EVENT = "troupe:matched";

/** Whether members of a pattern get publications with this event: not those that belong to one topic's protocol. */
export function isMatched(event: string): boolean {
  return event !== "presence_diff" && !event.startsWith("troupe:");
}

/**
 * What members of patterns are sent of a publication: `{ topic, event, payload, offset? }`, with bytes as
 * `{ "troupe:bytes": base64 }`. It is encoded here, once for all patterns and all wires. Throws `unencodable_payload`.
 */
export function matchedPayload(publication: Publication): JsonText {
  const { topic, event, position } = publication;
  const payload = payloadOf(publication);
  const offset = position === null ? "" : `,"offset":${position.offset}`;
  const [of, what] = [JSON.stringify(topic), JSON.stringify(event)];
  return new JsonText(`{"topic":${of},"event":${what},"payload":${payload}${offset}}`);
}

/** `publication`, which {@link matchedPayload} made `payload` of, as it is published in the pattern called `pattern`. */
export function matchedPublication(
  publication: Publication,
  payload: JsonText,
  pattern: string,
): Publication {
  return new Publication(pattern, MATCHED_EVENT, payload, null, filterOf(publication));
}

function payloadOf({ topic, event, payload, kept }: Publication): string {
  const data = kept?.data ?? bytesOf(payload) ?? payloadText(payload, topic, event);
  return typeof data === "string" ? data : `{"${BYTES_MEMBER}":"${data.toBase64()}"}`;
}

/** Who publishes may leave out its own channel: what else its connection has joined is left out with it. */
function filterOf({ filter, origin }: Publication): SubscriberFilter | null {
  if (filter === null) return null;
  if (origin === null || !("connectionId" in origin)) return filter;
  const author = origin as Subscriber;
  return (subscriber) => filter(subscriber.connectionId === author.connectionId ? author : subscriber);
}
