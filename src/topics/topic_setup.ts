import type { TopicExtensionFactory } from "./extension.ts";
import type { LogLimits } from "./log.ts";

/** What the topics of one kind have beside their members. */
export interface TopicSetup {
  /** How much of their history is kept; `null`: they have none. */
  readonly history: LogLimits | null;
  /** Their extensions, by name. */
  readonly extensions: ReadonlyMap<string, TopicExtensionFactory>;
  /** Events of which each member gets a form of its own, or nothing: nobody else gets them. Left out: none. */
  readonly personal?: ReadonlySet<string>;
}

/** Nothing beside their members. */
export const PLAIN_TOPIC: TopicSetup = { history: null, extensions: new Map() };
