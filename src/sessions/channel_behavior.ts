import { actor, type Behavior, stop } from "../actors/behavior.ts";
import type { Channel } from "./channel.ts";
import type { ChannelMessage } from "./channel_message.ts";

/** The behaviour of channel actors: `init` runs the join handler, and the state is the channel itself. */
export function channelBehavior(mailboxCapacity: number): Behavior<ChannelMessage, Channel> {
  return actor<ChannelMessage, Channel, Channel>({
    name: "channel",
    mailbox: { capacity: mailboxCapacity },
    init(_ctx, channel) {
      const pending = channel.begin();
      return pending instanceof Promise ? pending.then(() => channel) : channel;
    },
    receive(channel, message) {
      const pending = channel.receive(message);
      if (pending instanceof Promise) return pending.then(() => channel.finished ? stop : channel);
      return channel.finished ? stop : channel;
    },
    stop: (channel, reason) => channel.actorStopped(reason),
  });
}
