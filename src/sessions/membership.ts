import { ChannelCtx, type ContextChannel } from "./channel_context.ts";
import { ChannelSubscription } from "./channel_subscription.ts";
import { PatternCtx } from "./pattern_context.ts";
import { type PatternChannel, PatternSubscription } from "./pattern_subscription.ts";

/** What handlers see of `channel`: it is a member of a topic, or of a pattern. */
export function contextOf(channel: ContextChannel & PatternChannel): ChannelCtx {
  return channel.kind.match === null ? new ChannelCtx(channel) : new PatternCtx(channel);
}

/** Its side of that. Throws what `Topics.hold` throws. */
export function subscriptionOf(channel: PatternChannel): ChannelSubscription {
  return channel.kind.match === null ? new ChannelSubscription(channel) : new PatternSubscription(channel);
}
