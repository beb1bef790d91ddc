import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { Publication } from "../topics/publication.ts";
import type { Origin } from "../topics/origin.ts";
import type { Subscriber } from "../topics/subscriber.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";
import { keep, recipientFilter } from "./recipients.ts";
import type { BroadcastOptions } from "./topic_handlers.ts";
import { checkOutgoing } from "./check_outgoing.ts";
import type { TopicKind } from "./topic_kind.ts";

/** Who publishes. */
export interface Author {
  /** Who waits for the commit; `null`: nobody. */
  readonly origin: (Origin & Subscriber) | null;
  /** The ref of the message that is being handled; `null`: none. */
  readonly cause: string | null;
}

/** Somebody outside of any channel. */
export const OUTSIDER: Author = { origin: null, cause: null };

/**
 * What is to be published in `topic`, checked against its contract. Throws what that refuses, what JSON cannot carry, and
 * `pattern_topic` where `topic` is a pattern that clients listen to.
 */
export function publicationIn(
  topic: string,
  kind: TopicKind,
  { origin, cause }: Author,
  event: string,
  payload: unknown,
  options: BroadcastOptions | undefined,
  clock: Clock,
): Publication {
  if (kind.match !== null) throw notPublishable(topic);
  const value = checkOutgoing(kind, event, payload);
  const publication = new Publication(topic, event, value, origin, recipientFilter(options, origin));
  if (kind.setup.history === null) return publication;
  if (kind.state !== null && Object.hasOwn(kind.state.apply, event)) checkFolded(topic, event, options);
  publication.cause = cause;
  keep(publication, options, clock.now());
  return publication;
}

/** A channel whose handler publishes. */
export interface PublishingChannel {
  readonly topic: string;
  readonly kind: TopicKind;
  readonly owner: Pick<ChannelOwner<never>, "ports" | "codec">;
  readonly subscription: ChannelSubscription;
}

/**
 * Publishes for a channel's handler, which hears here of what cannot be encoded. `cause`: the ref of the message that it
 * handles.
 */
export function publishFrom(
  { topic, kind, owner, subscription }: PublishingChannel,
  event: string,
  payload: unknown,
  options: BroadcastOptions | undefined,
  cause: string | null,
): void {
  const author = { origin: subscription, cause };
  const publication = publicationIn(topic, kind, author, event, payload, options, owner.ports.clock);
  publication.check(owner.codec);
  subscription.publish(publication);
}

/** What the state is folded from goes to everybody, and is kept: else clients would come to another state. */
function checkFolded(topic: string, event: string, { except, only, ephemeral }: BroadcastOptions = {}): void {
  if (except === undefined && only === undefined && !ephemeral) return;
  throw new TroupeError(
    "folded_event",
    `Cannot publish ${JSON.stringify(event)} in ${
      JSON.stringify(topic)
    } to some of its members, or as ephemeral: the ` +
      "topic's state is folded from it. Accepted: no except, only or ephemeral; or an event without state.apply",
    { details: { topic, event } },
  );
}

function notPublishable(topic: string): TroupeError {
  return new TroupeError(
    "pattern_topic",
    `Cannot publish in ${
      JSON.stringify(topic)
    }: it is a pattern of topics, which clients listen to. Accepted is the ` +
      "whole name of one topic",
    { details: { topic } },
  );
}
