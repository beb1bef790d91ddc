import type { Clock } from "../base/clock.ts";
import { type Few, itemsOf, withItem, withoutItem } from "../base/few.ts";
import type { Counters } from "../base/inspect.ts";
import type { Random } from "../base/random.ts";
import { type Deadline, NOT_KEPT } from "./deadline_heap.ts";
import { Deadlines } from "./deadlines.ts";
import type { User } from "./user.ts";

/** A session, as it can be claimed. */
export interface Claimable {
  /** Who may claim it. */
  readonly user: User;
  /** Its deadline has come: what is still away ends. Gives the next deadline, or `null`. */
  deadlineMet(nowMs: number): number | null;
  /** There is no place for it any more: it ends. */
  expire(): void;
}

/** How the sessions are bounded that wait for their clients. */
export interface ClaimLimits {
  /** In all. Default: 10,000. Beyond, the one that waits the longest expires (`sessions.crowded_out`). */
  readonly maxSuspendedSessions: number;
  /** Of one user. Default: 10. Beyond, the same. */
  readonly maxSuspendedSessionsPerUser: number;
}

/** What claims need of their surroundings. */
export interface ClaimPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  /** Runs what a deadline has made ready. */
  drain(): void;
}

/**
 * What one session is claimed by. Each claim makes the secret new, so that one which leaks, e.g. with a URL in a log, is
 * worth nothing. A client whose connection drops before it has heard of the new one has only the old one to give: that
 * is good once more, until the client shows that it has been answered.
 */
export class Claim<S extends Claimable> implements Deadline {
  atMs = Infinity;
  heapIndex = NOT_KEPT;
  /** Whether the session waits for its client. */
  suspended = false;
  readonly session: S;
  secret: string;
  /** What it was claimed by the last time. */
  used: string | null = null;
  /** Whether that is good once more. */
  usedIsGood = false;

  constructor(session: S, secret: string) {
    this.session = session;
    this.secret = secret;
  }

  /** Whether the client that is attached may name the session so: joins that leave together carry the same secret. */
  isKnownBy(secret: unknown): boolean {
    return secret === this.secret || (this.used !== null && secret === this.used);
  }
}

/** The secrets of all sessions that can be claimed, and those of the sessions that wait for their clients. */
export class Claims<S extends Claimable> {
  readonly #ports: ClaimPorts;
  readonly #limits: ClaimLimits;
  readonly #bySecret = new Map<string, Claim<S>>();
  /** The one that waits the longest first. */
  readonly #suspended = new Set<Claim<S>>();
  readonly #byUser = new Map<string, Few<Claim<S>>>();
  readonly #deadlines: Deadlines<Claim<S>>;

  constructor(ports: ClaimPorts, limits: ClaimLimits) {
    this.#ports = ports;
    this.#limits = limits;
    this.#deadlines = new Deadlines(steady(ports.clock), (claim) => this.#meet(claim));
  }

  /** How many sessions wait for their clients. */
  get suspended(): number {
    return this.#suspended.size;
  }

  /** How many secrets are good. */
  get size(): number {
    return this.#bySecret.size;
  }

  /** The sessions that wait, the one that waits the longest first. */
  waiting(): S[] {
    return [...this.#suspended].map(({ session }) => session);
  }

  /** Those of a user, in the same order. */
  waitingOf(userId: string): S[] {
    return itemsOf(this.#byUser.get(userId) ?? null).map(({ session }) => session);
  }

  /** Makes `session` one that can be claimed. */
  open(session: S): Claim<S> {
    const claim = new Claim(session, this.#ports.random.uuid());
    this.#bySecret.set(claim.secret, claim);
    return claim;
  }

  /** The session that a user may claim by `secret`; `null`: none, and it is counted. */
  find(secret: unknown, userId: string): Claim<S> | null {
    const claim = typeof secret === "string" ? this.#bySecret.get(secret) : undefined;
    if (claim !== undefined && claim.session.user.id === userId) return claim;
    this.refused();
    return null;
  }

  /** A claim came to nothing. */
  refused(): void {
    this.#ports.counters.add("sessions.claim_refused");
  }

  /** It was claimed by `secret`, and waits no longer. What is still away ends at `atMs`, as before. */
  taken(claim: Claim<S>, secret: string): void {
    this.#forget(claim);
    const isFirst = secret === claim.secret;
    if (claim.used !== null && claim.used !== secret) this.#bySecret.delete(claim.used);
    this.#bySecret.delete(claim.secret);
    if (!isFirst) this.#bySecret.delete(secret);
    claim.used = secret;
    claim.usedIsGood = isFirst;
    claim.secret = this.#ports.random.uuid();
    this.#bySecret.set(claim.secret, claim);
    if (isFirst) this.#bySecret.set(secret, claim);
    this.#ports.counters.add("sessions.resumed");
  }

  /** The client has been answered: what it claimed by is good for nothing any more. */
  answered(claim: Claim<S>): void {
    if (!claim.usedIsGood) return;
    claim.usedIsGood = false;
    this.#bySecret.delete(claim.used!);
  }

  /** The session waits for its client, up to `atMs`. Where that is one too many, the oldest expires. */
  suspend(claim: Claim<S>, atMs: number): void {
    const { maxSuspendedSessions, maxSuspendedSessionsPerUser } = this.#limits;
    const userId = claim.session.user.id;
    this.wakeAt(claim, atMs);
    claim.suspended = true;
    this.#suspended.add(claim);
    const own = withItem(this.#byUser.get(userId) ?? null, claim);
    this.#byUser.set(userId, own);
    this.#ports.counters.add("sessions.suspended");
    const ofUser = itemsOf(own);
    if (ofUser.length > maxSuspendedSessionsPerUser) this.#crowdOut(ofUser[0]);
    const [oldest] = this.#suspended;
    if (this.#suspended.size > maxSuspendedSessions) this.#crowdOut(oldest);
  }

  /** The next of the session's deadlines is at `atMs`. */
  wakeAt(claim: Claim<S>, atMs: number): void {
    this.#deadlines.delete(claim);
    claim.atMs = atMs;
    this.#deadlines.add(claim);
  }

  /** The session has ended. */
  close(claim: Claim<S>): void {
    this.#forget(claim);
    this.#deadlines.delete(claim);
    this.#bySecret.delete(claim.secret);
    if (claim.usedIsGood) this.#bySecret.delete(claim.used!);
  }

  #forget(claim: Claim<S>): void {
    if (!claim.suspended) return;
    claim.suspended = false;
    this.#suspended.delete(claim);
    const userId = claim.session.user.id;
    const others = withoutItem(this.#byUser.get(userId) ?? null, claim);
    if (others === null) this.#byUser.delete(userId);
    else this.#byUser.set(userId, others);
  }

  #crowdOut(claim: Claim<S>): void {
    this.#ports.counters.add("sessions.crowded_out");
    claim.session.expire();
  }

  #meet(claim: Claim<S>): void {
    const next = claim.session.deadlineMet(claim.atMs);
    if (next !== null) this.wakeAt(claim, next);
    this.#ports.drain();
  }
}

/** A session's time is counted, whatever becomes of the wall clock. */
function steady(clock: Clock): Clock {
  return {
    now: () => clock.elapsedMs(),
    elapsedMs: () => clock.elapsedMs(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    clearTimer: (id) => clock.clearTimer(id),
  };
}
