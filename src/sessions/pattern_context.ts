import { ChannelCtx, type ContextChannel } from "./channel_context.ts";

/** A channel of a pattern, as its handlers see it: the run-time side of `PatternContext`. */
export class PatternCtx extends ChannelCtx {
  readonly #channel: ContextChannel;

  constructor(channel: ContextChannel) {
    super(channel);
    this.#channel = channel;
  }

  /** Has `match` asked anew. */
  rematch(): void {
    this.#channel.subscription.rematch();
  }
}
