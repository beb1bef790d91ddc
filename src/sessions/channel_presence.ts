import { MemberPresence, type PresenceTracks } from "../presence/member_presence.ts";
import { PRESENCE, PRESENCE_EVENT, type PresenceMessage } from "../presence/presence_message.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";
import { isTabs } from "./resume_wish.ts";
import type { TopicKind } from "./topic_kind.ts";

/** A channel, as its presence sees it. */
export interface PresentChannel {
  readonly topic: string;
  readonly kind: Pick<TopicKind, "presence">;
  readonly owner: Pick<ChannelOwner<never>, "ports">;
  readonly subscription: Pick<ChannelSubscription, "tell">;
  readonly hasEnded: boolean;
  /** What it says of its presence; `null` where its topic has none. */
  readonly presence: MemberPresence | null;
  /** Answers a message of the client's. */
  answer(ref: string | null, status: string, response: unknown, named?: object, isLate?: boolean): void;
}

/** By what handlers say under which keys the channel is present. */
export function presenceOf(channel: PresentChannel): PresenceTracks<unknown> {
  return channel.presence ?? memberPresence(channel);
}

/** A channel's side of its topic's presence. Where the topic has none, it refuses all that is said. */
export function memberPresence(channel: Omit<PresentChannel, "presence">): MemberPresence {
  const { topic, kind, owner: { ports: { counters, deadLetters } }, subscription } = channel;
  const tell = (message: PresenceMessage): boolean => {
    if (!channel.hasEnded) return subscription.tell(PRESENCE, message);
    deadLetters.record("revoked", message, topic); // all that it has tracked has ended with it
    return true;
  };
  return new MemberPresence({ topic, counters, owner: subscription, tell }, kind.presence?.rules ?? null);
}

/** The event by which a client says how many tabs it is, where that changes while it is joined. */
const TABS_EVENT = "troupe:tabs";

/** Whether a message says how many tabs the client is: then it is taken, also where nobody is shown who is present. */
export function takeTabs(channel: PresentChannel, { event, ref, payload, named }: Inbound): boolean {
  if (event !== TABS_EVENT) return false;
  const { tabs } = (payload ?? {}) as { readonly tabs?: unknown };
  const reply = (status: string, response: unknown): void => {
    if (ref !== null) channel.answer(ref, status, response, named);
  };
  if (!isTabs(tabs)) {
    const issues = [{ path: "tabs", message: "expected a whole number, 1 or more" }];
    reply("error", { reason: "invalid_payload", issues });
  } else if (channel.presence?.share(tabs) === false) reply("error", { reason: "overloaded" });
  else reply("ok", {});
  return true;
}

/** Whether a message asks who is present, a page at a time: then it is answered, once the topic has come to it. */
export function takePageRequest(channel: PresentChannel, { event, ref, payload, named }: Inbound): boolean {
  if (event !== PRESENCE_EVENT || channel.kind.presence?.rules.mode !== "paged") return false;
  const after = (payload as { readonly after?: unknown } | null)?.after ?? 0;
  if (typeof after !== "number" || !(after >= 0)) {
    const issues = [{ path: "after", message: "expected the number that a page gave as next" }];
    channel.answer(ref, "error", { reason: "invalid_payload", issues }, named);
    return true;
  }
  const answer = (page: unknown): void => {
    if (!channel.hasEnded) channel.answer(ref, "ok", page, named);
  };
  const isAsked = channel.subscription.tell(PRESENCE, { type: "page", after, answer });
  if (!isAsked) channel.answer(ref, "error", { reason: "overloaded" }, named);
  return true;
}
