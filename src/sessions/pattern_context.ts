import { ChannelCtx, type ContextChannel } from "./channel_context.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";

/** What the context of a pattern's handlers needs of its channel. */
export interface PatternContextChannel extends ContextChannel {
  readonly subscription: Pick<ChannelSubscription, "rematch" | "tell">;
}

/** A channel of a pattern, as its handlers see it: the run-time side of `PatternContext`. */
export class PatternCtx extends ChannelCtx {
  readonly #channel: PatternContextChannel;

  constructor(channel: PatternContextChannel) {
    super(channel);
    this.#channel = channel;
  }

  /** Has `match` asked anew. */
  rematch(): void {
    this.#channel.subscription.rematch();
  }
}
