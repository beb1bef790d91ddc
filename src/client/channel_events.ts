/**
 * What a channel tells about itself.
 *
 * @module
 */

import type { Skipped } from "./client_events.ts";
import type { Gap, Recovery } from "./greeting.ts";

/** The topic is joined: for the first time, or again. */
export interface Joined<Reply = unknown> {
  /** The application's answer to this join. */
  readonly reply: Reply;
  /** Whether it was joined before. */
  readonly again: boolean;
  /** Whether the session has waited: the server's channel is the one it was, with its state. */
  readonly resumed: boolean;
  /** What became of the position, where the topic has a history and was joined before; else `null`. */
  readonly recovery: Recovery | null;
  /** The offsets that are lost, where the recovery is `partial`; else `null`. */
  readonly gap: Gap | null;
}

/** Publications that this client does not get. */
export interface Missed {
  /** How many. */
  readonly count: number;
  /** The offset of the first; `null` where the topic has no history. */
  readonly from: number | null;
  /** The offset of the last. */
  readonly to: number | null;
}

/** Why a channel has ended; it does not come back. */
export interface Ended {
  /**
   * `left`: by this client. `refused`: the server does not let it in. `kicked`: the server has put it out. `closed`: the
   * server has ended the channel. `disconnected`: the client is closed.
   */
  readonly kind: "left" | "refused" | "kicked" | "closed" | "disconnected";
  /** What the server says: a reason, or the response that refuses; `undefined` where it says nothing. */
  readonly reason: unknown;
}

/** What `channel.on` takes beside the events of the contract: those that begin with `troupe:`, which no contract has. */
export interface ChannelEvents<Reply = unknown, State = unknown> {
  /** It is joined: for the first time, or again. */
  readonly "troupe:joined": Joined<Reply>;
  /** The connection is gone, or the server's channel has crashed: it will be joined again. */
  readonly "troupe:suspended": { readonly reason: unknown };
  /** It is joined again, and the session has waited. Follows `troupe:joined`. */
  readonly "troupe:resumed": Joined<Reply>;
  /** It is joined again, and the session that it had is gone. Follows `troupe:joined`. */
  readonly "troupe:expired": Joined<Reply>;
  /** Some publications do not come: by a slow policy, a gap of the history, or because nothing was kept. */
  readonly "troupe:missed": Missed;
  /** The history is another one: what the application keeps of it has to be loaded again. */
  readonly "troupe:reset": Joined<Reply>;
  /** The state is another one: by an event, or by a snapshot. */
  readonly "troupe:state": State;
  /** Something was left out that the contract does not know. */
  readonly "troupe:skipped": Skipped;
  /** It has ended, and does not come back. The last event. */
  readonly "troupe:ended": Ended;
}
