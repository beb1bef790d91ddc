import type { Random } from "../../base/random.ts";
import { between, randomFor } from "./party.ts";

/** What a client is made of. */
export type ClientKind = "real" | "polling" | "raw 2.1.0" | "raw 2.0.0" | "stream" | "den";

/** One step: something that a client does, or a fault. */
export interface Step {
  /** Its number in the whole schedule, by which it can be asked for alone. */
  readonly index: number;
  /** When, in milliseconds. */
  readonly atMs: number;
  /** What. */
  readonly act: string;
  /** Who, where it is somebody; by its number. */
  readonly client: number;
  readonly topic: string;
  /** A number for whatever the step needs one. */
  readonly n: number;
}

/** Everything that a seed decides beforehand. */
export interface Schedule {
  readonly clients: readonly ClientKind[];
  readonly topics: readonly string[];
  readonly graceMs: number;
  readonly maxReplay: number;
  readonly historySize: number;
  readonly shuffle: boolean;
  /** How many messages a drain of the server's handles before it yields. */
  readonly maxSteps: number;
  /** How long it takes at the most to find out who somebody is, in milliseconds. */
  readonly authenticateMs: number;
  readonly dedupeWindow: number;
  /** How long an append may take, in milliseconds. */
  readonly appendTimeoutMs: number;
  readonly crowdSize: number;
  readonly flushesPerTurn: number;
  /** How long what lets a client in is good, in milliseconds; 0: for ever. */
  readonly passMs: number;
  /** How long a history may take to be read, in milliseconds. */
  readonly historyTimeoutMs: number;
  /** How many messages a client may send at once; 0: any number. */
  readonly messageBurst: number;
  /** How many sessions of one user may wait for their clients. */
  readonly maxSuspended: number;
  /** How many frames may wait for one client. */
  readonly outboxFrames: number;
  /** How long the answer to a stream's question may take, in milliseconds. */
  readonly replyTimeoutMs: number;
  /** Whether what clients say is looked at before it is handled, which may take its time. */
  readonly isScreened: boolean;
  readonly steps: readonly Step[];
}

const KINDS: readonly ClientKind[] = [
  "real",
  "raw 2.1.0",
  "real",
  "raw 2.0.0",
  "polling",
  "stream",
  "raw 2.1.0",
  "den",
];
const TOPICS: readonly string[] = ["plain:a", "kept:a", "board:a", "hall:a", "feed:a", "plain:b", "kept:b"];
/** Those that come up less often. */
const RARER_TOPICS: readonly string[] = [
  "tally:a",
  "crowd:a",
  "pulse:a",
  "plain:*",
  "kept:*",
  "plain:{id}",
  "kept:{id}",
];

/** What clients do, and how often it comes up. */
const ACTS: Readonly<Record<string, number>> = {
  say: 12,
  special: 6,
  join: 5,
  leave: 3,
  burst: 3,
  letter: 2,
  tellChannel: 2,
  outside: 2,
  errand: 2,
  repeat: 4,
  pages: 1,
  permit: 1,
};

/** Faults, of which each seed has some, in its own measure. */
const FAULTS: Readonly<Record<string, number>> = {
  cut: 3,
  cutHalf: 2,
  unplug: 2,
  stall: 3,
  lag: 2,
  jump: 1,
  diskErrors: 2,
  diskSlow: 3,
  diskPoison: 2,
  failStoring: 2,
  flap: 2,
  comeBack: 2,
  crashStoring: 1,
  revoke: 1,
  rejoin: 2,
  dropTwice: 2,
  kick: 2,
  closeTopic: 1,
  crashBefore: 1,
  crashAfter: 1,
  kill: 1,
  restart: 1,
  drain: 1,
  boom: 3,
  crashTopic: 1,
  crashJoin: 1,
  stop: 1,
  toggleReader: 1,
};

/** Draws everything that a seed decides beforehand. */
export function drawSchedule(seed: number): Schedule {
  const random = randomFor(seed, "schedule");
  const patience = randomFor(seed, "patience");
  const count = between(random, 2, 5);
  const clients = Array.from({ length: count }, () => KINDS[random.integer(KINDS.length)]);
  const topics = [
    ...TOPICS.filter(() => random.float() < 0.45),
    ...RARER_TOPICS.filter(() => random.float() < 0.2),
  ];
  if (topics.length === 0) topics.push(TOPICS[random.integer(TOPICS.length)]);
  const weights = new Map(Object.entries(ACTS));
  for (const [fault, weight] of Object.entries(FAULTS)) {
    if (random.float() < 0.35) weights.set(fault, weight * between(random, 1, 3));
  }
  const length = between(random, 20, 90);
  const pace = [10, 150, 1_500][random.integer(3)];
  let atMs = 500;
  const steps = Array.from({ length }, (_, index): Step => {
    // Many things happen at the same instant: that is where order matters.
    atMs += random.float() < 0.4 ? 0 : random.integer(pace * 2);
    return {
      index,
      atMs,
      act: drawn(random, weights),
      client: random.integer(count),
      topic: topics[random.integer(topics.length)],
      n: random.integer(1_000),
    };
  });
  // Of its own: what is drawn for it moves nothing of the rest.
  const rare = randomFor(seed, "rare");
  const crowds = randomFor(seed, "crowds");
  const bounds = randomFor(seed, "bounds");
  const historySize = [6, 30, 300][random.integer(3)];
  return {
    // Who comes back gets all that is kept, and must not fall behind with that alone.
    outboxFrames: historySize === 6 && bounds.float() < 0.7 ? between(bounds, 64, 100) : 400,
    replyTimeoutMs: bounds.float() < 0.3 ? between(bounds, 100, 400) : 10_000,
    crowdSize: crowds.float() < 0.5 ? between(crowds, 1, 4) : 400,
    flushesPerTurn: crowds.float() < 0.5 ? between(crowds, 1, 3) : 64,
    historyTimeoutMs: rare.float() < 0.35 ? between(rare, 150, 700) : 5_000,
    isScreened: rare.float() < 0.15,
    // What raw components say over a limit is dropped without a word.
    messageBurst: rare.float() < 0.25 && !clients.includes("den") ? between(rare, 4, 16) : 0,
    maxSuspended: rare.float() < 0.5 ? 1 : 10,
    clients,
    topics,
    graceMs: random.float() < 0.6 ? between(random, 1, 8) * 1_000 : 0,
    maxReplay: random.float() < 0.4 ? between(random, 2, 6) : 1_000,
    historySize,
    shuffle: random.float() < 0.3,
    maxSteps: random.float() < 0.3 ? between(random, 1, 100) : 16_384,
    authenticateMs: random.float() < 0.3 ? 200 : 0,
    // The library's client sends again all that is unanswered, however much that is.
    dedupeWindow: clients.some((kind) => kind === "real" || kind === "polling") ? 128 : between(random, 2, 8),
    appendTimeoutMs: patience.float() < 0.5 ? between(patience, 10, 1_000) : 10_000,
    passMs: random.float() < 0.3 ? between(random, 3_000, 40_000) : 0,
    steps,
  };
}

function drawn(random: Random, weights: ReadonlyMap<string, number>): string {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  let at = random.float() * sum;
  for (const [name, weight] of weights) {
    at -= weight;
    if (at < 0) return name;
  }
  return "say";
}
