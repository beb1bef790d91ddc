import { type BoardState, isKept, sortOf } from "./contracts.ts";
import { isFor, type Said, type Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What the answer to a join says of the history. */
export interface Entered {
  readonly epoch: string | null;
  /** Where the client stands now; `null`: it is not said. */
  readonly offset: number | null;
  readonly recovery: string | null;
  readonly gap: { readonly from: number; readonly to: number } | null;
}

/**
 * Looks over the shoulder of one client in one topic, and compares what it gets with what has happened: everything, in
 * order, once, unless it was told what is missing.
 */
export class Follower {
  readonly topic: string;
  readonly user: string;
  /** Whether it is a member now. */
  isJoined = false;
  /** How often it has joined. */
  joins = 0;
  /** Everything that it has got. */
  readonly got = new Set<string>();
  /** The last state that it was shown. */
  state: BoardState | null = null;
  /** What it has said that is not for itself, and how often it had joined then. */
  readonly whispered = new Map<string, number>();
  readonly #world: World;
  readonly #truth: Truth;
  readonly #isLossy: boolean;
  #epoch: string | null = null;
  #offset: number | null = null;
  #index: number | null = null;
  #isFresh = true;
  /** Whether it has got all that was published while it was no member. */
  #isRecovered = false;
  #leftMs = 0;
  #life = 0;

  constructor(world: World, truth: Truth, topic: string, user: string) {
    this.#world = world;
    this.#truth = truth;
    this.topic = topic;
    this.user = user;
    this.#isLossy = sortOf(topic) === "feed";
  }

  /** Where it stands. */
  get position(): { readonly epoch: string; readonly offset: number } | null {
    return this.#epoch === null || this.#offset === null
      ? null
      : { epoch: this.#epoch, offset: this.#offset };
  }

  /** It is a member, for the first time or again. `life`: which life of the server's. */
  entered({ epoch, offset, recovery, gap }: Entered, life: number): void {
    this.isJoined = true;
    this.joins++;
    if (life !== this.#life) this.#index = null;
    this.#life = life;
    this.#isFresh = true;
    this.#world.note(this.user, `joined ${this.topic} ${epoch ?? "-"}:${offset ?? "-"} ${recovery ?? "-"}`);
    const before = this.#offset;
    this.#isRecovered = recovery === "recovered";
    if (recovery === "recovered") {
      if (epoch !== null && epoch !== this.#epoch) this.#fail("epoch", `recovered in another epoch`);
      if (offset !== null && offset !== before) {
        this.#fail("no gap", `recovered at ${offset}, it stood at ${before}`);
      }
    } else if (recovery === "partial") this.#partial(before, offset, gap);
    else {
      if (recovery === "reset" && epoch === this.#epoch && before !== null) this.#checkReset(epoch!, before);
      this.#offset = offset;
      this.#epoch = null;
    }
    if (epoch !== null) this.#epoch = epoch;
  }

  /** It is no member for now. */
  left(): void {
    if (this.isJoined) this.#leftMs = this.#world.clock.elapsedMs();
    this.isJoined = false;
  }

  /** The engine told that it has left something out. */
  missed(from: number | null, to: number | null, count: number): void {
    this.#world.note(this.user, `missed ${this.topic} ${from}-${to}`);
    if (from === null || to === null) {
      if (this.#isRecovered) this.#fail("who has all has missed nothing", `it is told of ${count}`);
      if (sortOf(this.topic) === "hall") this.#checkCount(count);
      this.#isFresh = true;
      return;
    }
    if (to < from) this.#fail("a gap has its ends", `missed ${from} to ${to}`);
    if (this.#offset !== null && this.#offset + 1 < from) this.#checkSkipped(this.#offset, from);
    this.#offset = Math.max(this.#offset ?? 0, to);
  }

  /** A message has come; `offset`: as the wire has it, `undefined` where it has none. */
  received(event: string, said: Said, offset?: number | null): void {
    this.#world.note(this.user, `got ${this.topic} ${event} ${said.id} ${offset ?? "-"}`);
    if (event === "pushed" && said.to !== this.user) {
      this.#fail("what is pushed to one is for that one", `${said.id} for ${said.to}`);
    }
    if (event === "typing" || event === "pushed") return;
    this.got.add(said.id);
    if (!isFor(this.user, said) && !this.#isForgotten(said)) {
      this.#fail("who is left out gets nothing", said.id);
    }
    if (sortOf(this.topic) === "hall" && said.to !== this.user) {
      this.#fail("each gets what its filter makes", `${said.id} for ${said.to}`);
    }
    if (isKept(this.topic)) this.#kept(said, offset);
    else this.#inOrder(said);
  }

  /** It was shown a state, with the offset of its last event where that is known. */
  shown(state: BoardState, epoch?: string, offset?: number): void {
    this.state = state;
    const history = epoch ?? this.#epoch ?? this.#truth.store.head(this.topic).epoch;
    const real = this.#truth.stateAt(this.topic, history, offset ?? state.n);
    if (real.n !== state.n || real.hash !== state.hash) {
      this.#fail(
        "states are the fold of what is stored",
        `${JSON.stringify(state)} at ${offset}, it is ${JSON.stringify(real)}`,
      );
    }
    if (offset !== undefined && epoch !== undefined) this.#epoch = epoch;
  }

  /** All is quiet: it has everything. */
  checkComplete(): void {
    if (!this.isJoined) return;
    if (!isKept(this.topic)) {
      const list = this.#truth.list(this.topic);
      const last = list.findLastIndex((said) => isFor(this.user, said) && said.by !== "pulse");
      if (last >= 0 && (this.#index ?? -1) < last) {
        this.#fail(
          "nothing is missing at the end",
          `it has got up to ${this.#index} of ${last}, not ${list[last].id}`,
        );
      }
      return;
    }
    const { epoch, offset } = this.#truth.store.head(this.topic);
    for (let at = offset; at > (this.#offset ?? 0); at--) {
      const said = this.#truth.at(this.topic, epoch, at);
      if (said === null || !isFor(this.user, said)) continue;
      return this.#fail(
        "nothing is missing at the end",
        `it stands at ${this.#offset} of ${offset}, without ${said.id}`,
      );
    }
  }

  /** A client names the last three connections that it had: over the one before, it may have been left out. */
  #isForgotten(said: Said): boolean {
    const joins = this.whispered.get(said.id);
    if (joins === undefined || this.joins <= joins) return false;
    // A session that nobody has noticed to be left may handle it later: that leaves out its own connection alone.
    const atMs = this.#truth.placeOf(this.topic, said.id)?.atMs ?? this.#truth.calledMs(said);
    return this.joins > joins + 3 || atMs >= this.#leftMs;
  }

  /** It cannot have missed more than was published since it got something the last time. */
  #checkCount(count: number): void {
    const most = this.#truth.list(this.topic).length - ((this.#index ?? -1) + 1);
    if (count > most) this.#fail("what is missed is told", `${count}, and there were ${most}`);
  }

  #inOrder(said: Said): void {
    const index = this.#truth.indexOf(this.topic, said.id);
    if (this.#truth.isPast(said.id)) return;
    if (index === null) return this.#fail("what comes was published", said.id);
    if (this.#index !== null && index <= this.#index) {
      return this.#fail("order, and once", `${said.id} is number ${index}, and came behind ${this.#index}`);
    }
    if (!this.#isFresh) {
      const list = this.#truth.list(this.topic);
      for (let at = (this.#index ?? -1) + 1; at < index; at++) {
        if (isFor(this.user, list[at])) this.#fail("no gap", `${list[at].id} did not come before ${said.id}`);
      }
    }
    this.#index = index;
    this.#isFresh = false;
  }

  #kept(said: Said, offset?: number | null): void {
    const place = this.#truth.placeOf(
      this.topic,
      said.id,
      (place) =>
        (this.#epoch ?? place.epoch) === place.epoch &&
        (offset === undefined ? place.offset > (this.#offset ?? 0) : place.offset === offset),
    );
    if (place === null) return this.#fail("what comes is stored", said.id);
    if (offset !== undefined && offset !== place.offset) {
      return this.#fail("offsets", `${said.id} came with ${offset}, and is stored at ${place.offset}`);
    }
    if (this.#epoch !== null && this.#epoch !== place.epoch) {
      return this.#fail("epoch", `${said.id} is of another epoch`);
    }
    this.#epoch = place.epoch;
    if (this.#offset !== null) {
      if (place.offset <= this.#offset) {
        return this.#fail("order, and once", `${said.id} at ${place.offset} came behind ${this.#offset}`);
      }
      this.#checkSkipped(this.#offset, place.offset);
    }
    this.#offset = place.offset;
  }

  #checkSkipped(from: number, to: number): void {
    for (let at = from + 1; at < to; at++) {
      const skipped = this.#truth.at(this.topic, this.#epoch!, at);
      if (skipped !== null && isFor(this.user, skipped)) {
        this.#fail("no gap without being told", `${skipped.id} at ${at} did not come, ${to} did`);
      }
    }
  }

  #partial(before: number | null, offset: number | null, gap: Entered["gap"]): void {
    if (gap === null || gap.to < gap.from) return this.#fail("a gap has its ends", JSON.stringify(gap));
    if (before !== null && gap.from !== before + 1) {
      this.#fail("a gap begins where the client is", `${before}, ${gap.from}`);
    }
    if (offset !== null && gap.to !== offset) {
      this.#fail("a gap ends where the client goes on", `${gap.to}, ${offset}`);
    }
    const { store } = this.#truth;
    const isKept = gap.to >= store.oldest(this.topic);
    if (isKept && !store.hasFailedReads && !store.hasBeenSlow && !this.mayBeCut) {
      this.#fail("what is kept is replayed", `${gap.from}-${gap.to} is said to be lost`);
    }
    this.#offset = gap.to;
  }

  /** Whether one join is sent less than what is kept. */
  mayBeCut = false;

  #checkReset(epoch: string, before: number): void {
    if (this.#truth.at(this.topic, epoch, before) === null && before > 0) return;
    this.#fail("no reset without a reason", `it stood at ${before} of ${epoch}, which is there`);
  }

  #fail(invariant: string, details: string): void {
    this.#world.fail(invariant, `${this.user} in ${this.topic}: ${details}`);
  }
}
