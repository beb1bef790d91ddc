import { isKept as keeps, sortOf } from "./contracts.ts";
import type { CountedPresence } from "./counted_presence.ts";
import { Follower } from "./follower.ts";
import type { Host } from "./host.ts";
import { MatchedFollower } from "./matched_follower.ts";
import type { Network } from "./network.ts";
import type { Passes } from "./passes.ts";
import type { Party } from "./party.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What all clients share. */
export interface ClientPorts {
  readonly world: World;
  readonly network: Network;
  readonly truth: Truth;
  readonly passes: Passes;
  /** Whether a join may be sent less than what is kept. */
  readonly mayBeCut: boolean;
  /** All topics there are. */
  readonly topics: readonly string[];
  /** How long a session waits for its client, in milliseconds. */
  readonly graceMs: number;
  /** How many messages with names a session remembers. */
  readonly dedupeWindow: number;
  /** Which life of the server's is on. */
  life(): number;
}

/** A client, whatever it is made of: what the schedule tells it to do, and what it is looked at for. */
export abstract class SimClient {
  readonly name: string;
  readonly party: Party;
  readonly host: Host;
  readonly ports: ClientPorts;
  readonly followers: Map<string, Follower> = new Map();
  /** The same for patterns. */
  readonly matched: Map<string, MatchedFollower> = new Map();
  /** What lets it in. */
  #pass: string | null = null;
  /** What was sent and is not answered yet, by id. */
  readonly unanswered: Map<string, string> = new Map();

  constructor(ports: ClientPorts, party: Party) {
    this.ports = ports;
    this.party = party;
    this.name = party.name;
    this.host = ports.network.host(party);
  }

  /** Connects. */
  abstract start(): void;
  /** Joins a topic, unless it has. */
  abstract join(topic: string, payload?: object): void;
  /** Leaves it. */
  abstract leave(topic: string): void;
  /** Sends something. */
  abstract send(topic: string, event: string, payload: { readonly id: string }): void;
  /** Who is present, as it sees it: the `v` of each meta, by key. */
  abstract present(topic: string): Readonly<Record<string, readonly number[]>> | null;
  /** Who is present, as it sees it where not everybody is told of each. */
  abstract counted(topic: string): CountedPresence | null;
  /** Asks for all pages of those who are present. */
  abstract askPages(topic: string): void;
  /** Sends once more what it has sent last. */
  repeat(_topic: string): void {}
  /** Joins a topic that it is in. */
  rejoin(_topic: string): void {}
  /** What `task` says arrives as one, where the version has batches. */
  inOne(task: () => void): void {
    task();
  }
  /** Goes, for good. */
  abstract close(): void;
  /** Nothing that it has sent waits for its answer. */
  checkAnswered(): void {
    for (const [id, what] of this.unanswered) {
      this.ports.world.fail("everything is answered, or given up", `${this.name}: ${id}, ${what}`);
    }
  }

  /** All is at rest: it has what there is. */
  checkAtRest(): void {
    this.checkAnswered();
    for (const follower of this.followers.values()) follower.checkComplete();
    for (const follower of this.matched.values()) follower.checkComplete(this.ports.topics);
  }

  /** What it comes in with: now and then another one. */
  pass(): string {
    if (this.#pass === null || this.party.random.float() < 0.5) {
      this.#pass = this.ports.passes.make(this.name);
    }
    return this.#pass;
  }

  /** What it brings to have another rank. */
  raisingPass(): string {
    return this.#pass = this.ports.passes.makeRaising(this.name);
  }

  /** What it came in with the last time. */
  get lastPass(): string | null {
    return this.#pass;
  }

  /** The one who looks over its shoulder in a pattern. */
  matchedFollower(pattern: string): MatchedFollower {
    let follower = this.matched.get(pattern);
    if (follower === undefined) {
      follower = new MatchedFollower(this.ports.world, this.ports.truth, pattern, this.name);
      this.matched.set(pattern, follower);
    }
    return follower;
  }

  /** It sends something that is not for itself, perhaps. */
  protected sends(topic: string, event: string, id: string): void {
    const follower = this.follower(topic);
    if (event === "whisper" && !follower.whispered.has(id)) follower.whispered.set(id, follower.joins);
    this.unanswered.set(id, `${event} in ${topic}`);
  }

  /** The one who looks over its shoulder in a topic. */
  follower(topic: string): Follower {
    let follower = this.followers.get(topic);
    if (follower === undefined) {
      follower = new Follower(this.ports.world, this.ports.truth, topic, this.name);
      follower.mayBeCut = this.ports.mayBeCut;
      this.followers.set(topic, follower);
    }
    return follower;
  }

  /** The answer to what was sent when it had joined `joins` times: what it means must be true. */
  answered(topic: string, event: string, id: string, status: string, reason: string, joins: number): void {
    const { world, truth } = this.ports;
    this.unanswered.delete(id);
    world.note(this.name, `answer ${topic} ${event} ${id} ${status} ${reason}`);
    const sort = sortOf(topic);
    const last = event === "pair" || event === "twice" || event === "both" ? `${id}/1` : id;
    const isKept = keeps(topic);
    if (event === "veto" && status === "ok") {
      world.fail("a transaction may refuse", `${this.name} in ${topic}: ${id}`);
    }
    const publishes = ["say", "whisper", "later", "put", "pair", "both", "twice", "draw", "tell"].includes(
      event,
    );
    if (!publishes) return;
    if (status !== "ok") {
      if (reason === "not_stored" && truth.isHealed) {
        world.fail("what could not be stored may come again", `${this.name} in ${topic}: ${last}`);
      }
      // What waits while a topic ends that is being stored is never given to the log.
      if (reason === "not_stored" && !truth.store.failed.has(topic) && !truth.crashed.has(topic)) {
        world.fail("what fails to be stored fails alone", `${this.name} in ${topic}: ${last}`);
      }
      if (reason === "not_stored" && truth.placeOf(topic, last) !== null) {
        world.fail("what is not stored is not stored", `${this.name} in ${topic}: ${last}`);
      }
      return;
    }
    // Where nothing is kept, an answer may come although its topic has crashed behind it: the client is told of the crash.
    if (!isKept && truth.crashed.has(topic)) return;
    const isThere = isKept
      ? truth.placeOf(topic, last) !== null
      : truth.indexOf(topic, last) !== null || truth.isPast(last); // the answer was on its way when the server ended
    if (!isThere && (isKept || sort === "plain")) {
      if (isKept || joins === this.follower(topic).joins) {
        world.fail("an acknowledgement means stored", `${this.name} in ${topic}: ${event} ${last}`);
      }
    }
    const follower = this.follower(topic);
    if (event === "whisper" || event === "tell" || sort === "feed" || !follower.isJoined) return;
    if (follower.joins === joins && !follower.got.has(last)) {
      world.fail("an answer comes behind what it is about", `${this.name} in ${topic}: ${event} ${last}`);
    }
  }
}
