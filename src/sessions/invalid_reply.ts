import type { ChannelPorts } from "./channel_owner.ts";

/** A handler has answered what its contract refuses, for `issues`. */
export function tellOfInvalidReply(
  topic: string,
  event: string,
  issues: unknown,
  { counters, logger }: Pick<ChannelPorts, "counters" | "logger">,
): void {
  counters.add("channels.invalid_replies");
  logger.log("error", "the contract refuses a reply", { topic, event, issues });
}
