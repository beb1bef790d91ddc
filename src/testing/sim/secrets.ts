import type { Passes } from "./passes.ts";
import type { Random } from "../../base/random.ts";
import type { World } from "./world.ts";

/** What a client needs to come back to its session: a secret, which is new each time, and ends with what let it in. */
export class Secrets {
  /** What its session is claimed by. */
  session: string | null = null;
  readonly #world: World;
  readonly #passes: Passes;
  readonly #random: Random;
  /** What it has claimed its session by, over this connection, and when. */
  #claimed: string | null = null;
  #claimedMs = 0;
  /** What is good for nothing any more: it has shown that it was answered since. */
  #dead: string | null = null;
  /** The last that was not its own to use. */
  #forged: string | null = null;
  #isForged = false;
  /** How often it has claimed its session by the same secret. */
  #tries = 0;
  #isResumed = false;
  /** When it was in its session the last time, and what had let it in. */
  #sessionMs = 0;
  #pass = "";

  constructor(world: World, passes: Passes, random: Random) {
    this.#world = world;
    this.#passes = passes;
    this.#random = random;
  }

  /** It is connected once more. Now and then somebody has kept an old secret, or another one's. */
  opened(): void {
    const forges = this.#dead !== null && this.#random.float() < 0.25;
    if (forges) this.session = this.#forged = this.#stolen() ?? this.#dead;
    this.#isForged = this.session !== null && this.session === this.#forged; // also where the last one was not answered
    this.#tries = this.session === this.#claimed ? this.#tries + 1 : 1;
    this.#claimed = this.session;
    this.#claimedMs = this.#world.clock.elapsedMs();
    this.#isResumed = false;
  }

  /** Whether it has claimed its session by what it may: a secret is good once more, not for ever. */
  get isGood(): boolean {
    return this.#claimed !== null && !this.#isForged && this.#tries <= 2;
  }

  #stolen(): string | null {
    if (this.#random.float() < 0.5) return null;
    const own = this.#passes.userOf(this.#pass);
    return [...this.#passes.secrets].find(([user]) => user !== own)?.[1] ?? null;
  }

  /** A message that it has sent has been handled: what it has claimed its session by is worth nothing any more. */
  answered(): void {
    if (this.#isResumed) this.#dead = this.#claimed;
  }

  /** What the answer to a join says. Gives whether it is another session than before. */
  greeted(who: string, session: string | undefined, resumed: boolean, pass: string): boolean {
    if (resumed && (session === this.#claimed || this.#isForged)) {
      this.#world.fail("each claim makes the secret new", who);
    }
    if (resumed && this.#passes.hasEnded(this.#pass, this.#sessionMs, this.#claimedMs)) {
      this.#world.fail("a session ends with what let its client in", who);
    }
    this.#sessionMs = this.#world.clock.elapsedMs();
    this.#pass = pass;
    const isAnother = session !== undefined && session !== this.session && !resumed;
    if (session !== undefined) {
      this.session = session;
      this.#passes.secrets.set(this.#passes.userOf(pass), session);
    }
    if (resumed) this.#isResumed = true;
    return isAnother;
  }
}
