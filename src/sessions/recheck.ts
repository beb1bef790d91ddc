import type { ChannelCtx } from "./channel_context.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { TopicKind } from "./topic_kind.ts";

/** Told to a channel's address: it is to ask whether its client may still be a member. */
export const RECHECK: unique symbol = Symbol("recheck");

/** What the client is told whose membership is over. */
const NOT_A_MEMBER = "not_a_member";

/** A channel, as its recheck needs it. */
export interface RecheckedChannel {
  readonly kind: TopicKind;
  readonly ctx: ChannelCtx;
  readonly hasEnded: boolean;
  readonly owner: Pick<ChannelOwner<never>, "ports">;
  readonly subscription: Pick<ChannelSubscription, "rematch">;
  /** Holds up the channel until `work` is done. */
  pending(work: Promise<void>): Promise<void>;
  /** A handler has run. */
  handled(): void;
  /** Ends the channel, at once if a handler is pending. */
  requestEnd(reason: LeaveReason): void;
}

/**
 * Asks the topic's `recheck` handler, in the channel's own turn. On anything but `true` the channel ends at once, with
 * what its client has said meanwhile unheard. A throw is a crash, as in every handler. What a member of a
 * pattern may get is asked anew.
 */
export function recheck(channel: RecheckedChannel): void | Promise<void> {
  const handler = channel.kind.recheck;
  if (handler === null || channel.hasEnded) return;
  channel.ctx.begin(null, "recheck");
  const decide = (answer: unknown): void => {
    channel.subscription.rematch();
    if (answer === true) return channel.handled();
    if (channel.hasEnded) return;
    channel.owner.ports.counters.add("channels.recheck_failed");
    channel.requestEnd({ kind: "kicked", reason: NOT_A_MEMBER });
  };
  const answer = handler(channel.ctx, undefined);
  if (answer === true) return decide(answer);
  // A refusal is pending, too: what is pending ends at once, before the messages that wait.
  return channel.pending(Promise.resolve(answer).then(decide));
}
