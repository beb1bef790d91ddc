import type { TopicExtensionFactory } from "./extension.ts";
import type { LogLimits } from "./log.ts";

/** What the topics of one kind have beside their members. */
export interface TopicSetup {
  /** How much of their history is kept; `null`: they have none. */
  readonly history: LogLimits | null;
  /** Their extensions, by name. */
  readonly extensions: ReadonlyMap<string, TopicExtensionFactory>;
}

/** Nothing beside their members. */
export const PLAIN_TOPIC: TopicSetup = { history: null, extensions: new Map() };
