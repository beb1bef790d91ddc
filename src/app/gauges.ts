/**
 * How much of everything an app holds right now. Each of these goes up and down, and is back at its start when all
 * clients have gone and idle topics have stopped; what only ever goes up is a leak.
 */
export interface Gauges {
  /** Actors, those of the engine included. */
  readonly actors: number;
  /** Timers that wait. */
  readonly timers: number;
  /** Connections whose handshake was granted and that are not open yet. */
  readonly opening: number;
  /** Open connections. */
  readonly connections: number;
  /** Connections that read too slowly: something of theirs stays behind. */
  readonly behind: number;
  /** Sessions of the channel protocol. */
  readonly sessions: number;
  /** Those of them that wait for their clients to come back. */
  readonly suspended: number;
  /** Secrets that sessions can be claimed by: up to two for each session. */
  readonly claims: number;
  /** Topics that live, of channels and of components. */
  readonly topics: number;
  /** Patterns of topics that somebody has joined, those included that nobody is in any more and that stop when idle. */
  readonly patterns: number;
  /** Channels that are members of a topic, or of a pattern. */
  readonly subscribers: number;
  /**
   * What transports hold beside that: long-poll sessions, server-sent streams, sockets that are looked after, and those
   * whose close has begun.
   */
  readonly held: number;
  /** Handlers that are pending. */
  readonly handlers: number;
}
