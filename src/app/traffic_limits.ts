/** Bounds on what comes in. Each can be changed while the app runs: see `App.limits`. */
export interface TrafficLimits {
  /**
   * Requests for a connection that one address may make per second. Default: 200. Beyond: status 429
   * (`upgrades.refused.too_many_upgrades`). Here and below, the first 64 bits of an IPv6 address count as one address, and
   * an address that the server does not know has no limit.
   */
  upgradesPerSecond?: number;
  /** How many of them it may make at once. Default: 1,000. */
  upgradeBurst?: number;
  /**
   * Addresses whose requests are remembered. Default: 100,000. Beyond: one is forgotten, and gets a new burst
   * (`limits.addresses_evicted`).
   */
  maxTrackedAddresses?: number;
  /**
   * Connections of one address, those in their handshake included. Default: 10,000, since behind a proxy that is not
   * trusted all clients have one. Beyond: status 429 (`upgrades.refused.too_many_from_address`).
   */
  maxConnectionsPerAddress?: number;
  /** Connections of one user. Default: 1,000. Beyond: status 429 (`upgrades.refused.too_many_of_user`). */
  maxConnectionsPerUser?: number;
  /** Addresses and networks that are blocked, and that are allowed. Default: 100,000 of each. Beyond: an error. */
  maxAddressRules?: number;
  /**
   * Messages of one connection per second, those of a batch each. Default: 1,000. The client is warned when three
   * quarters of the burst are used up (`limits.messages.warned`), what is beyond is refused (`.throttled`), and who goes
   * on is closed (`.closed`): see {@link TrafficLimits.maxThrottledMessages}.
   */
  messagesPerSecond?: number;
  /** Messages of one connection at once. Default: 5,000. */
  messageBurst?: number;
  /** Joins of one connection per second. Default: 50 (`limits.joins.…`, as for messages). */
  joinsPerSecond?: number;
  /** Joins of one connection at once. Default: 500. */
  joinBurst?: number;
  /**
   * Bytes of one connection's messages per second; of text, its UTF-16 units. Default: 4,194,304 (4 MiB;
   * `limits.bytes.…`, as for messages).
   */
  bytesPerSecond?: number;
  /** Bytes of one connection's messages at once. Default: 33,554,432 (32 MiB). */
  byteBurst?: number;
  /**
   * Messages over one of these limits, one after another, before the connection is closed with 1008. Default: 1,000. A
   * pause in which half of the burst comes back begins the count anew.
   */
  maxThrottledMessages?: number;
  /**
   * How long a handler may hold up all others, in milliseconds: what it does before its first `await`. Default: 50.
   * Beyond: it is named in a warning (`handlers.slow`).
   */
  slowHandlerMs?: number;
  /**
   * How late the event loop may be, in milliseconds. Default: 500. Beyond (`loop.late`): new connections get status 503
   * with `Retry-After` (`upgrades.refused.overloaded`).
   */
  maxLagMs?: number;
}
