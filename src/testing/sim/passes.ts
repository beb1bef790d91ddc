import type { World } from "./world.ts";

/** What one connection was let in with. */
interface Held {
  readonly pass: string;
  untilMs: number;
}

/**
 * What lets clients in: passes, each good for a while, and worth nothing once it, or its user, is revoked. Knows who may
 * not be there any more.
 */
export class Passes {
  /** How long a new one is good, in milliseconds; 0: for ever. */
  lifeMs: number;
  /** Whether a wall clock has jumped, by which passes end. */
  hasJumped = false;
  /** The secret of each user's session, as its client was told last. */
  readonly secrets: Map<string, string> = new Map();
  readonly #world: World;
  readonly #isLimited: boolean;
  /** By the wall clock of the server. */
  readonly #expiries = new Map<string, number | null>();
  readonly #held = new Map<string, Held>();
  /** When passes, and users, were revoked, in this life of the server's. */
  readonly #revoked = new Map<string, number>();
  /** Those that bring their user another rank; and when they were shown, -1 before that. */
  readonly #raising = new Map<string, number>();
  #last = 0;

  constructor(world: World, lifeMs: number) {
    this.#world = world;
    this.lifeMs = lifeMs;
    this.#isLimited = lifeMs > 0;
  }

  /** A new life of the server's: it knows of no revocation. */
  begun(): void {
    this.#revoked.clear();
  }

  /** A new one, for a user. */
  make(user: string): string {
    return `${user}~${++this.#last}`;
  }

  /** A new one, by which a refresh brings its user another rank. */
  makeRaising(user: string): string {
    const pass = this.make(user);
    this.#raising.set(pass, -1);
    return pass;
  }

  /** It is shown: whether it brings its user another rank, as it does once, over a connection that is there. */
  raises(pass: string, wire: string | null): boolean {
    if (this.#raising.get(pass) !== -1) return false;
    if (wire === null || !this.#held.has(wire)) return !this.#raising.delete(pass);
    this.#raising.set(pass, this.#nowMs);
    return true;
  }

  /** When it was shown. */
  raisedMs(pass: string): number {
    return this.#raising.get(pass)!;
  }

  /** Whose it is. */
  userOf(pass: string): string {
    return pass.split("~")[0];
  }

  /** Until when it is good, by the wall clock; `null`: for ever. That is fixed when it is shown for the first time. */
  expiryOf(pass: string, nowMs: number): number | null {
    if (!this.#expiries.has(pass)) this.#expiries.set(pass, this.lifeMs === 0 ? null : nowMs + this.lifeMs);
    return this.#expiries.get(pass)!;
  }

  /** The server was told that a connection may be there, until it ends or is told anew. */
  granted(wire: string, pass: string, lifeMs: number | null): void {
    const untilMs = lifeMs === null ? Infinity : this.#nowMs + lifeMs;
    const before = this.#held.get(wire);
    if (before !== undefined && this.userOf(before.pass) !== this.userOf(pass)) return; // it stays who it was
    this.#held.set(wire, { pass, untilMs: Math.max(untilMs, before?.untilMs ?? 0) });
  }

  /** A pass, or a user, is revoked now. */
  revoke(name: string): void {
    this.#revoked.set(name, this.#nowMs);
  }

  /** Whether a connection may be closed for want of a pass. */
  isOver(wire: string): boolean {
    const held = this.#held.get(wire);
    if (held === undefined || this.hasJumped) return true;
    return held.untilMs <= this.#nowMs + 1 || this.hasEnded(held.pass, -1, Infinity);
  }

  /** Whether a user may ever have come with a pass that is worth nothing. */
  isBad(user: string): boolean {
    return this.#isLimited || [...this.#revoked.keys()].some((name) => this.userOf(name) === user);
  }

  /** Whether a pass was revoked, or its user, between two instants. */
  hasEnded(pass: string, fromMs: number, toMs: number): boolean {
    return [pass, this.userOf(pass)].some((name) => {
      const atMs = this.#revoked.get(name);
      return atMs !== undefined && atMs > fromMs && atMs < toMs;
    });
  }

  /** A handshake was granted, or has become a connection: not with a pass that has been revoked, nor to a user meanwhile. */
  checkLetIn(wire: string, sinceMs: number): void {
    const pass = this.#held.get(wire)?.pass;
    if (pass === undefined) return;
    const atMs = this.#revoked.get(pass);
    if ((atMs !== undefined && atMs < sinceMs) || this.hasEnded(pass, sinceMs, this.#nowMs)) {
      this.#world.fail("who is revoked stays out", `${wire} comes in with ${pass}`);
    }
  }

  /** Something is sent over a connection: to one that may be there. */
  checkTalk(wire: string): void {
    const held = this.#held.get(wire);
    if (held === undefined || this.hasJumped || held.untilMs + 100 > this.#nowMs) return;
    this.#world.fail(
      "an authorization ends",
      `${wire} has ${held.pass}, which was good until ${held.untilMs}`,
    );
  }

  /** Who was revoked just now is not there any more. */
  checkOut(wire: string, name: string): void {
    const pass = this.#held.get(wire)?.pass;
    if (pass !== undefined && (pass === name || this.userOf(pass) === name)) {
      this.#world.fail("who is revoked is out", `${wire} is open, ${name} is revoked`);
    }
  }

  get #nowMs(): number {
    return this.#world.clock.elapsedMs();
  }
}
