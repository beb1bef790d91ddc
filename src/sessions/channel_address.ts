import { offer } from "../actors/inside.ts";
import { Ref, target } from "../actors/ref.ts";
import { type ChannelMessage, Info } from "./channel_message.ts";

/** A channel's address for everybody else: what is told to it reaches the `info` handler of the actor `ref`. */
export function channelAddress(topic: string, ref: Ref<ChannelMessage>): Ref<unknown> {
  return new Ref<unknown>({
    path: topic,
    post: (message) => offer(ref, new Info(message)),
    ask: (message, options) => target(ref).ask(new Info(message), options),
  });
}
