import { messageOf } from "../base/errors.ts";
import type { StopReason } from "../actors/supervision.ts";
import type { Frame } from "../protocol/frame.ts";
import type { ChannelCtx } from "./channel_context.ts";
import type { ChannelOwner, ChannelPorts } from "./channel_owner.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { Handler } from "./handler_checks.ts";
import type { TopicKind } from "./topic_kind.ts";

/** A channel that ends. */
export interface EndedChannel {
  readonly topic: string;
  readonly joinRef: string;
  readonly owner: Pick<ChannelOwner<never>, "ports" | "codec">;
}

/**
 * What the client is told of a channel's end, behind all else; nothing where it knows, or has gone. `joinRef` is that of
 * the join, as the client gave it.
 */
export function farewellFrames(channel: EndedChannel, joinRef: string | null, reason: LeaveReason): Frame[] {
  const { topic, owner: { codec, ports } } = channel;
  const closed = (): Frame => codec.ended(joinRef, topic, "phx_close", {});
  switch (reason.kind) {
    case "left":
    case "stopped":
      return [closed()];
    case "kicked":
      ports.counters.add("channels.kicked");
      return [codec.push(channel.joinRef, topic, "troupe:kicked", { reason: reason.reason }), closed()];
    case "crashed":
      ports.counters.add("channels.crashed");
      return [codec.ended(joinRef, topic, "phx_error", { reason: "channel_crash" })];
    case "expired":
      ports.counters.add("channels.expired");
      return [];
    default:
      return [];
  }
}

/** Why a channel ends whose actor has ended by itself: a crash, or the session's end. */
export function endOf(stop: StopReason): LeaveReason {
  return stop.kind === "crashed" ? { kind: "crashed", error: stop.error } : { kind: "shutdown" };
}

/** Calls the handlers of a channel's end. Whatever they throw harms nobody: the channel is over. */
export function tellOfEnd(kind: TopicKind, ctx: ChannelCtx, reason: LeaveReason, ports: ChannelPorts): void {
  if (reason.kind === "expired") call(kind.expired, ctx, undefined, ports);
  call(kind.leave, ctx, reason, ports);
}

function call(handler: Handler | null, ctx: ChannelCtx, payload: unknown, ports: ChannelPorts): void {
  const failed = (error: unknown): void => {
    ports.counters.add("channels.leave_failed");
    ports.logger.log("error", "leave handler failed", { topic: ctx.topic, error: messageOf(error) });
  };
  try {
    const result = handler?.(ctx, payload);
    if (result instanceof Promise) ports.work.track(result.catch(failed));
  } catch (error) {
    failed(error);
  }
}
