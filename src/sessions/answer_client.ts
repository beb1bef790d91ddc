import type { Frame } from "../protocol/frame.ts";
import type { ChannelOwner } from "./channel_owner.ts";

/** A channel that answers its client. */
export interface AnsweringChannel {
  readonly topic: string;
  readonly joinRef: string;
  readonly owner: Pick<ChannelOwner<never>, "codec" | "dedupe" | "ports">;
  /** Whether what it says reaches nobody, since its client is away. */
  readonly isUnheard: boolean;
  /** Sends behind all that it has said before. `ref`: of what is answered, which is remembered by `named`. */
  say(frame: Frame, ref: string | null, named?: object): void;
}

/**
 * Answers a message of the client's, and its repetitions where it is `named`. `isLate`: it was sent over a connection
 * that has gone, and only repetitions are still waited for. An answer that nobody is there to hear is a dead letter.
 */
export function answerClient(
  channel: AnsweringChannel,
  ref: string | null,
  status: string,
  response: unknown,
  named: object | undefined,
  isLate: boolean,
): void {
  const { topic, owner: { dedupe, ports } } = channel;
  const repeats = named === undefined ? NONE : dedupe?.answered(named, { status, response }) ?? NONE;
  if (channel.isUnheard || (isLate && repeats.length === 0)) {
    return ports.deadLetters.record("late_reply", response, topic);
  }
  if (!isLate) reply(channel, ref, status, response, named);
  for (const again of repeats) reply(channel, again, status, response, named);
}

function reply(
  channel: AnsweringChannel,
  ref: string | null,
  status: string,
  response: unknown,
  named: object | undefined,
): void {
  const { joinRef, topic, owner } = channel;
  channel.say(owner.codec.reply(joinRef, ref, topic, status, response), ref, named);
}

const NONE: readonly string[] = [];
