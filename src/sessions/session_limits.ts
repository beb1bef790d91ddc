/** How a session is bounded. */
export interface SessionLimits {
  /** Channels of one session. Default: 100 (as Phoenix since 1.8.9). */
  readonly maxChannels: number;
  /** Those of them that are patterns. Default: 20. */
  readonly maxPatterns: number;
  /** Bytes of a topic's name. Default: 512. */
  readonly maxTopicBytes: number;
  /** How long its channels live without a connection, in milliseconds. Default: 0, they end with it. */
  readonly graceMs: number;
  /** Messages with an id that it remembers. Default: 256. */
  readonly dedupeWindow: number;
}

/** The limits if nobody says otherwise. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxChannels: 100,
  maxPatterns: 20,
  maxTopicBytes: 512,
  graceMs: 0,
  dedupeWindow: 256,
};
