import { WELCOME } from "./plain_topic.ts";
import type { RawMembership } from "./raw_membership.ts";
import type { SimClient } from "./sim_client.ts";

/** How much earlier than a client its server may notice that their connection breaks, in milliseconds. */
const NOTICED_MS = 1_100;

/** What one client is told of its memberships: how they end, and why, and for how long they wait for it. */
export class Endings {
  readonly #client: SimClient;
  /** The refs of its leaves. */
  readonly #leaves = new Set<string>();
  /** The refs that were answered. */
  readonly #answered = new Set<string>();
  /** Topics in which it has asked for the end of its channel. */
  readonly #stopped = new Set<string>();

  constructor(client: SimClient) {
    this.#client = client;
  }

  /** It is connected once more, and counts anew. */
  opened(): void {
    this.#leaves.clear();
    this.#answered.clear();
  }

  /** It leaves a topic, by the message `ref`. */
  leaves(ref: string): void {
    this.#leaves.add(ref);
  }

  /** Whether a message of its own was a leave. */
  isLeave(ref: string | null): boolean {
    return ref !== null && this.#leaves.has(ref);
  }

  /** It asks for the end of its channel. */
  stops(topic: string): void {
    this.#stopped.add(topic);
  }

  /** Something that it has said is answered. */
  replied(ref: string | null, status: string, topic: string): void {
    if (ref === null) return;
    if (this.#answered.has(ref)) this.#fail("everything is answered once", topic, ref);
    this.#answered.add(ref);
    if (!this.#leaves.has(ref) || status === "ok") return;
    this.#fail("who leaves is let go", topic, status);
  }

  /** Its connection breaks, which it had made in this `life` of the server's. */
  lost(memberships: Iterable<RawMembership>, life: number): void {
    const lost = { atMs: this.#client.ports.world.clock.elapsedMs(), life };
    for (const membership of memberships) if (membership.status === "joined") membership.lost = lost;
  }

  /** It has come back by a good secret, and is no member any more: then it was away for too long. */
  checkWaited({ topic, lost }: RawMembership): void {
    const { name, ports: { world, truth, passes, graceMs, life } } = this.#client;
    if (lost === null || lost.life !== life() || passes.isBad(name) || truth.mayEnd(topic, name)) return;
    const awayMs = world.clock.elapsedMs() - lost.atMs;
    if (awayMs + NOTICED_MS < graceMs) {
      this.#fail("a session waits for its client", topic, `was away for ${awayMs} ms`);
    }
  }

  /** Something comes under these refs, over a connection whose own are those behind `firstRef`. */
  checkRefs(topic: string, refs: readonly (string | null)[], firstRef: number): void {
    const isOld = refs.some((ref) => ref !== null && Number(ref) <= firstRef);
    if (isOld) this.#fail("nothing of the connection before comes over the next", topic, refs.join(" "));
  }

  /** The message `id` is answered, and not another one. */
  checkAnswer(topic: string, id: string, response: Readonly<Record<string, unknown>>): void {
    if (response.id !== id) this.#fail("an answer is to its question", topic, `${response.id} to ${id}`);
  }

  /** Something comes for one who is no member: nothing does but answers, and the end. */
  checkOrder({ topic, status, isWanted }: RawMembership, event: string): void {
    if (status === "away" && isWanted) this.#fail("nothing comes behind an end", topic, event);
    const isEarly = !["phx_reply", "phx_error", "phx_close"].includes(event);
    if (status === "joining" && isEarly) {
      this.#fail("nothing comes before the answer to the join", topic, event);
    }
  }

  /** All is at rest: it is where it wants to be. */
  checkBack({ topic, isWanted, status }: RawMembership): void {
    if (isWanted && status !== "joined") this.#fail("a client comes back", topic, status);
  }

  /** It gets something: who is back gets first what its handler has said to it then. */
  checkWelcome(membership: RawMembership, id: string): void {
    const { topic, isToBeWelcomed } = membership;
    membership.isToBeWelcomed = false;
    if (isToBeWelcomed === (id === WELCOME)) return;
    this.#fail("what is said to one who is back comes behind its answer, once", topic, id);
  }

  /** It is told something, for the first time since it is back: how much it has missed, if it has. */
  checkMissed(membership: RawMembership, event: string, { count = 0 }: { readonly count?: number }): void {
    const { topic, missed } = membership;
    membership.missed = 0;
    if (event === "troupe:missed" && count >= missed) return;
    this.#fail("what is missed is told", topic, `it has missed ${missed}, and is told ${event} ${count}`);
  }

  /**
   * It is told of its end. A channel is closed for one whom its handler or the server wants out, which is told so; an error
   * is for one whose handler, or topic, has failed.
   */
  check({ topic, status, kicked }: RawMembership, how: string): void {
    const { name, ports: { network, truth } } = this.#client;
    if (network.server()?.isEnding !== false) return;
    if (!truth.mayEnd(topic, name)) this.#fail("no channel ends without a reason", topic, how);
    if (status !== "joined") return;
    const isRight = how === "phx_close"
      ? kicked !== null || this.#stopped.has(topic)
      : kicked === null && truth.hasFailed(topic, name);
    if (!isRight) this.#fail("an end has its reason", topic, `${how}, ${kicked}`);
  }

  #fail(invariant: string, topic: string, details: string): void {
    this.#client.ports.world.fail(invariant, `${this.#client.name} in ${topic}: ${details}`);
  }
}
