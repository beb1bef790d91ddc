/**
 * Who is where, and what the topics are like: known to the server and to the load.
 *
 * @module
 */

/** What the topics of one kind are like. */
export interface Kind {
  readonly name: KindName;
  /** Publications that are kept. */
  readonly history: number;
  /** What becomes of publications that a member does not read in time. */
  readonly slow: "keep_all" | "drop_oldest";
  /** Of a hundred connections, so many are in topics of this kind. */
  readonly share: number;
  /** Members of one topic, about. */
  readonly members: number;
  /** Between two publications of a topic's publisher, in milliseconds. */
  readonly everyMs: number;
  readonly payloadBytes: number;
}

/** The kinds of topics that have a history. */
export type KindName = "room" | "feed" | "heavy" | "short";

/** The kinds of topics that have a history. In `room` nobody may ever miss anything. */
export const KINDS: readonly Kind[] = [
  {
    name: "room",
    history: 10_000,
    slow: "keep_all",
    share: 80,
    members: 50,
    everyMs: 1_000,
    payloadBytes: 16,
  },
  {
    name: "feed",
    history: 200,
    slow: "drop_oldest",
    share: 10,
    members: 25,
    everyMs: 200,
    payloadBytes: 2_048,
  },
  { name: "heavy", history: 200, slow: "keep_all", share: 5, members: 25, everyMs: 200, payloadBytes: 4_096 },
  { name: "short", history: 20, slow: "keep_all", share: 5, members: 25, everyMs: 500, payloadBytes: 64 },
];

/** How many publications wait for a member of a `feed`. */
export const MAX_WAITING = 10;
/** The bounds of a connection, small, so that they are met: in bytes. */
export const TRANSPORT_BYTES = 8_192, OUTBOX_BYTES = 65_536, REPLAY_BYTES = 32_768;
/** How long a connection may say nothing, how long its close may take, and how long a session waits: in milliseconds. */
export const IDLE_MS = 30_000, CLOSE_MS = 2_000, GRACE_MS = 3_000;
/** Topics without a history: one for so many connections, in which the server publishes so often. */
export const HALL_MEMBERS = 500, HALL_EVERY_MS = 1_000;
/** Connections whose session outlives them are made here; the others at `/socket`. */
export const SESSION_PATH = "/session";

/** One connection's place. */
export interface Place {
  readonly kind: Kind;
  /** Its topic with a history. */
  readonly topic: string;
  /** Its topic without one. */
  readonly hall: string;
  /** Whether it publishes: one of each topic. */
  readonly publishes: boolean;
}

/** The places of so many connections. */
export function places(connections: number): Place[] {
  const all: Place[] = [];
  for (const kind of KINDS) {
    const last = kind === KINDS[KINDS.length - 1];
    const count = last ? connections - all.length : Math.floor(connections * kind.share / 100);
    for (let i = 0; i < count; i++) {
      const hall = Math.floor(all.length / HALL_MEMBERS);
      all.push({
        kind,
        topic: `${kind.name}:${Math.floor(i / kind.members)}`,
        hall: `hall:${hall}`,
        publishes: i % kind.members === 0,
      });
    }
  }
  return all;
}

/** The topics without a history, of so many connections. */
export function halls(connections: number): string[] {
  return Array.from({ length: Math.ceil(connections / HALL_MEMBERS) }, (_, i) => `hall:${i}`);
}
