import { readMessages, type ServerMessage } from "../wire_message.ts";
import { type BoardState, isKept, sortOf } from "./contracts.ts";
import { CountedPresence, type Told } from "./counted_presence.ts";
import { Endings } from "./endings.ts";
import { Heart } from "./heart.ts";
import type { MatchedSaid } from "./matched_follower.ts";
import type { Random } from "../../base/random.ts";
import { between, type Party, randomFor } from "./party.ts";
import { Pages, PRESENCE_EVENT } from "./pages.ts";
import { Questions } from "./questions.ts";
import type { Greeting, RawMembership as Membership } from "./raw_membership.ts";
import { RawMouth } from "./raw_mouth.ts";
import { Renewals } from "./renewals.ts";
import { Repeats, type Sent } from "./repeats.ts";
import { Secrets } from "./secrets.ts";
import { type ClientPorts, SimClient } from "./sim_client.ts";
import { StrictPresence } from "./strict_presence.ts";
import { saidOf } from "./truth.ts";

const HEARTBEAT_MS = 30_000;
/** What ends a channel or a topic is not sent again. */
const NEVER_REPEATED: readonly string[] = ["boom", "crash", "stop"];

/** A client written for this: it speaks one version of the wire, comes back, and does nothing clever. */
export class RawClient extends SimClient {
  #vsn: string;
  readonly #countsAnew: boolean; // whether it counts its refs from 1 over each connection
  readonly #whims: Random;
  readonly #memberships = new Map<string, Membership>();
  readonly #pending = new Map<string, Sent>();
  readonly #pages: Pages;
  readonly #questions: Questions;
  readonly #repeats: Repeats;
  readonly #refs: Map<string, string>;
  #socket: WebSocket | null = null;
  readonly #mouth = new RawMouth();
  readonly #secrets: Secrets;
  readonly #endings: Endings;
  readonly #heart: Heart;
  readonly #renewals: Renewals;
  /** What it has said over this connection that is not for itself. */
  readonly #whispers = new Set<string>();
  readonly #lastName = new Map<string, number>(); // how many messages it has sent, by topic
  #firstRef = 0; // the last ref of the connection before
  #life = 0; // in which life of the server's it has connected
  #isClosed = false;

  /** `refs`: what presence references stand for, shared by all. */
  constructor(ports: ClientPorts, party: Party, vsn: string, refs: Map<string, string>) {
    super(ports, party);
    this.#vsn = vsn;
    this.#countsAnew = vsn === "2.0.0";
    this.#whims = randomFor(ports.world.seed, `whims of ${party.name}`);
    this.#refs = refs;
    this.#repeats = new Repeats(ports.world, this.name, ports.dedupeWindow - 1);
    this.#questions = new Questions(ports.world, party);
    const renew = (token: string): string => this.#mouth.push(null, "troupe", "troupe:refresh", { token });
    this.#renewals = new Renewals(this, renew);
    this.#endings = new Endings(this);
    this.#heart = new Heart(this, HEARTBEAT_MS);
    this.#pages = new Pages((...said) => this.#mouth.push(...said));
    this.#secrets = new Secrets(ports.world, ports.passes, party.random);
  }

  start(): void {
    if (this.#whims.float() < 0.1) this.#vsn = this.#vsn === "2.0.0" ? "2.1.0" : "2.0.0";
    const socket = new WebSocket(`ws://sim/socket/websocket?vsn=${this.#vsn}&user=${this.pass()}`);
    socket.binaryType = "arraybuffer";
    this.#life = this.ports.life();
    this.#socket = socket;
    socket.onopen = () => {
      this.#mouth.opened(socket);
      this.#secrets.opened();
      this.#firstRef = this.#countsAnew ? 0 : this.#mouth.ref;
      if (this.#countsAnew) this.#forgetRefs();
      this.#whispers.clear();
      this.#heart.start(socket, () => this.#mouth.push(null, "phoenix", "heartbeat", {}), () => this.#gone());
      for (const membership of this.#memberships.values()) {
        if (!membership.isWanted) continue;
        // The last of them now and then later than all others.
        if (this.#whims.float() < 0.05) this.#joinLater(membership);
        else this.#sendJoin(membership);
      }
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      for (const message of readMessages(typeof data === "string" ? data : new Uint8Array(data))) {
        this.#received(message);
      }
    };
    socket.onclose = ({ code }) => {
      this.ports.world.note(this.name, `closed ${code}`);
      if (socket !== this.#socket) return;
      if (code === 1006) this.#endings.lost(this.#memberships.values(), this.#life);
      this.#gone();
    };
  }

  #forgetRefs(): void {
    this.#mouth.ref = 0;
    this.#pages.opened();
    this.#endings.opened();
    this.#questions.opened();
    this.#renewals.opened();
  }

  join(topic: string, payload: object = {}): void {
    const known = this.#memberships.get(topic);
    if (known?.isWanted) return;
    const presence = new StrictPresence(this.ports.world, `${this.name} in ${topic}`, this.#refs);
    const membership: Membership = known ?? {
      topic,
      joinRef: "",
      isWanted: true,
      status: "away",
      payload,
      presence,
      counted: new CountedPresence(),
      missed: 0,
      lost: null,
      isToBeWelcomed: false,
      kicked: null,
    };
    membership.isWanted = true;
    membership.payload = payload;
    this.#memberships.set(topic, membership);
    if (this.#mouth.isOpen) this.#sendJoin(membership);
  }

  override rejoin(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined") return;
    const { joinRef } = membership;
    const last = this.#repeats.lastIn(topic);
    this.#out(membership);
    this.#repeats.forgetTopic(topic);
    this.#sendJoin(membership);
    if (last?.event === "say") this.#send(membership, last); // its answer may wait in the one that it was
    // To the one that it was: nobody hears it.
    if (this.#mouth.ref % 3 === 0) this.#mouth.push(joinRef, topic, "phx_leave", {});
    else if (sortOf(topic) !== "board") {
      this.#mouth.push(joinRef, topic, "say", { id: `stale-${this.name}-${this.#mouth.ref}` });
    }
  }

  override inOne(task: () => void): void {
    if (this.#vsn === "2.1.0") this.#mouth.inOne(task);
    else task();
  }

  leave(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership === undefined || !membership.isWanted) return;
    const { joinRef, status } = membership;
    membership.isWanted = false;
    membership.lost = null;
    this.#out(membership);
    if (!this.#mouth.isOpen) return;
    this.#endings.leaves(this.#mouth.push(status === "away" ? null : joinRef, topic, "phx_leave", {}));
  }

  send(topic: string, event: string, payload: { readonly id: string }): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined") return;
    const { joins } = this.follower(topic);
    const number = this.#lastName.get(topic) ?? 0;
    this.#lastName.set(topic, number + 1);
    const isNamed = number % 4 < 3 && !NEVER_REPEATED.includes(event);
    const name = isNamed ? { "troupe:id": String(number) } : null;
    const sent: Sent = { topic, event, id: payload.id, name, payload, joins };
    if (event === "stop") this.#endings.stops(topic);
    this.#repeats.add(sent);
    this.#send(membership, sent);
  }

  override repeat(topic: string): void {
    const membership = this.#memberships.get(topic);
    const sent = this.#repeats.lastIn(topic);
    if (membership?.status === "joined" && sent !== undefined) this.#send(membership, sent);
  }

  #send({ joinRef, topic }: Membership, sent: Sent): void {
    const { id, name, event, payload } = sent;
    if (event === "whisper" && !this.ports.truth.repeated.has(id)) this.#whispers.add(id);
    const ref = this.#mouth.push(joinRef, topic, event, { ...payload, ...name });
    this.#pending.set(ref, sent);
    this.sends(topic, event, id);
  }

  present(topic: string): Readonly<Record<string, readonly number[]>> | null {
    const membership = this.#memberships.get(topic);
    return membership?.status === "joined" ? membership.presence.present : null;
  }

  counted(topic: string): CountedPresence | null {
    const membership = this.#memberships.get(topic);
    return membership?.status === "joined" ? membership.counted : null;
  }

  askPages(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined" || sortOf(topic) !== "crowd") return;
    this.#pages.ask(membership);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close(1000, "");
  }

  #gone(): void {
    this.#socket = null;
    this.#heart.stop();
    this.#mouth.closed();
    for (const membership of this.#memberships.values()) this.#out(membership);
    const { world } = this.ports;
    if (this.#isClosed) return;
    world.after(
      this.party,
      this.party.random.float() < 0.3
        ? between(this.party.random, 1, 20)
        : between(this.party.random, 100, 2_000),
      () => this.#isClosed || this.start(),
    );
  }

  #sendJoin(membership: Membership): void {
    const { topic, payload, connection } = membership;
    const { session } = this.#secrets;
    const position = isKept(topic) ? this.follower(topic).position : null;
    const ref = membership.joinRef = String(++this.#mouth.ref);
    membership.status = "joining";
    const troupe = position !== null
      ? { ...position, ...(connection !== undefined && { connection }) }
      : undefined;
    this.#mouth.say([ref, ref, topic, "phx_join", {
      ...payload,
      ...(sortOf(topic) === "kept" && this.party.random.float() < 0.3 && { as: "loud" }),
      ...(session !== null && { "troupe:session": session }),
      ...(troupe !== undefined && { troupe }),
    }]);
    membership.payload = {};
  }

  #received({ joinRef, ref, topic, event, payload, offset }: ServerMessage): void {
    this.#heart.hears();
    if (event === "phx_reply") this.#endings.replied(ref, (payload as { status: string }).status, topic);
    if (topic === "troupe") return this.#renewals.told(ref, event, payload as { status?: string });
    if (topic === "phoenix") return;
    this.#endings.checkRefs(topic, [joinRef, ref], this.#firstRef);
    const membership = this.#memberships.get(topic);
    if (membership === undefined || (joinRef !== null && joinRef !== membership.joinRef)) return;
    if (event === "phx_reply") {
      // What is over a limit is refused before anybody asks whose it is.
      const reply = payload as { status: string; response: never };
      if (joinRef !== null && reply.status === "ok") this.#endings.checkOrder(membership, event);
      return this.#replied(membership, ref, reply);
    }
    if (membership.status !== "joined") {
      if (!membership.isWanted) return; // it has left, and what was on its way still comes
      if (joinRef !== null) this.#endings.checkOrder(membership, event);
      if (event !== "phx_error" && event !== "phx_close") return;
    }
    if (event === "phx_error" || event === "phx_close") return this.#ended(membership, event);
    if (event === "troupe:kicked") return void (membership.kicked = (payload as { reason: string }).reason);
    if (event === "troupe:matched") return this.#matched(topic, payload as MatchedSaid);
    if (membership.missed > 0) this.#endings.checkMissed(membership, event, payload as { count?: number });
    const follower = this.follower(topic);
    if (this.#vsn === "2.0.0" && offset !== null) {
      this.ports.world.fail("each is spoken to in its version", `${this.name} in ${topic}: ${event}`);
    }
    const wireOffset = this.#vsn === "2.0.0" ? undefined : offset;
    if (event === "troupe:missed") {
      const { count, from, to } = payload as { count: number; from: number | null; to: number | null };
      follower.missed(from, to, count);
    } else if (event === "troupe:state") {
      const snapshot = payload as { state: BoardState; epoch: string; offset: number };
      follower.shown(snapshot.state, snapshot.epoch, snapshot.offset);
    } else if (event === "troupe:request") {
      const { id, payload: { id: answer } } = payload as { id: string; payload: { id: string } };
      const { joinRef } = membership;
      this.#questions.asked(() =>
        membership.status !== "joined" || membership.joinRef !== joinRef
          ? null
          : this.#mouth.push(joinRef, topic, "troupe:answer", { id, status: "ok", response: { answer } })
      );
    } else if (event === PRESENCE_EVENT) membership.counted.received(payload as Told);
    else if (event.startsWith("presence_")) membership.presence.received(event, payload);
    else if (!event.startsWith("troupe:")) {
      this.#endings.checkWelcome(membership, saidOf(payload).id);
      follower.received(event, saidOf(payload), wireOffset);
    }
  }

  #matched(pattern: string, matched: MatchedSaid): void {
    this.matchedFollower(pattern).received(matched);
    const { id } = saidOf(matched.payload);
    if (this.#whispers.has(id)) this.ports.world.fail("who is left out gets nothing", `${this.name}: ${id}`);
  }

  override checkAnswered(): void {
    super.checkAnswered();
    for (const { id } of this.#pending.values()) {
      this.ports.world.fail("everything is answered, or given up", `${this.name}: ${id}`);
    }
  }

  override checkAtRest(): void {
    super.checkAtRest();
    for (const membership of this.#memberships.values()) this.#endings.checkBack(membership);
  }

  #replied(
    membership: Membership,
    ref: string | null,
    { status, response }: { status: string; response: Record<string, unknown> },
  ): void {
    const { topic } = membership;
    if (ref === membership.joinRef) return this.#welcomed(membership, status, response);
    // A leave does not show that a claim has been answered: who has heard of nothing yet may send one.
    if (!this.#endings.isLeave(ref) && status === "ok") this.#secrets.answered();
    this.#questions.replied(ref!, status);
    if (this.#pages.replied(ref!, status, response as unknown as Told)) return;
    const pending = this.#pending.get(ref!);
    if (pending === undefined) return;
    this.#pending.delete(ref!);
    const { event, id, joins } = pending;
    if (status === "ok") this.#endings.checkAnswer(topic, id, response);
    this.#repeats.answered(id, status, response);
    this.answered(topic, event, id, status, String(response.reason ?? ""), joins);
  }

  #welcomed(membership: Membership, status: string, response: Record<string, unknown>): void {
    const { topic } = membership;
    if (!membership.isWanted) return;
    if (status !== "ok") {
      this.ports.world.note(this.name, `join of ${topic} refused ${String(response.reason)}`);
      membership.status = "away";
      return this.#joinLater(membership);
    }
    const { session, resumed = false, epoch, offset, connection, recovery, gap } =
      (response.troupe ?? {}) as Greeting;
    const { truth } = this.ports;
    const isAnother = this.#secrets.greeted(`${this.name} in ${topic}`, session, resumed, this.lastPass!);
    if (isAnother) { for (const id of this.#repeats.forget()) truth.repeated.add(id); }
    if (!resumed && this.#secrets.isGood) this.#endings.checkWaited(membership);
    membership.status = "joined";
    membership.lost = null;
    membership.kicked = null;
    membership.isToBeWelcomed = resumed && sortOf(topic) === "plain";
    membership.connection = connection;
    membership.presence.joined();
    membership.counted.joined();
    membership.missed = resumed && !isKept(topic) ? truth.away.get(`${topic} ${this.name}`) ?? 0 : 0;
    truth.away.delete(`${topic} ${this.name}`);
    if (sortOf(topic) === "pattern") return this.matchedFollower(topic).entered();
    this.follower(topic).entered(
      { epoch: epoch ?? null, offset: offset ?? null, recovery: recovery ?? null, gap: gap ?? null },
      this.ports.life(),
    );
    if (!resumed) return this.#repeats.forgetTopic(topic);
    for (const sent of this.#repeats.unansweredIn(topic)) {
      truth.repeated.add(sent.id);
      this.#send(membership, sent);
    }
  }

  #ended(membership: Membership, how: string): void {
    const { topic } = membership;
    this.ports.world.note(this.name, `${how} ${topic}`);
    this.#endings.check(membership, how);
    membership.lost = null;
    this.#out(membership);
    this.#repeats.forgetTopic(topic);
    if (how === "phx_error") this.#joinLater(membership);
    else membership.isWanted = false;
  }

  #joinLater(membership: Membership): void {
    const { joinRef } = membership;
    this.ports.world.after(this.party, between(this.party.random, 1, 3_000), () => {
      const { isWanted, status } = membership;
      if (!isWanted || status !== "away" || membership.joinRef !== joinRef) return;
      if (this.#mouth.isOpen) this.#sendJoin(membership);
    });
  }

  #out(membership: Membership): void {
    membership.status = "away";
    if (sortOf(membership.topic) === "pattern") this.matchedFollower(membership.topic).left();
    else this.follower(membership.topic).left();
    for (const [ref, { topic, id }] of this.#pending) {
      if (topic !== membership.topic) continue;
      this.#pending.delete(ref);
      this.unanswered.delete(id);
    }
  }
}
