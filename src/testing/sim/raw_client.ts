import { readMessages, type ServerMessage } from "../wire_message.ts";
import { type BoardState, isKept, sortOf } from "./contracts.ts";
import { CountedPresence, type Told } from "./counted_presence.ts";
import type { MatchedSaid } from "./matched_follower.ts";
import { between, type Party } from "./party.ts";
import { Questions } from "./questions.ts";
import type { Greeting, RawMembership as Membership } from "./raw_membership.ts";
import { Renewals } from "./renewals.ts";
import { Repeats, type Sent } from "./repeats.ts";
import { Secrets } from "./secrets.ts";
import { type ClientPorts, SimClient } from "./sim_client.ts";
import { StrictPresence } from "./strict_presence.ts";
import { saidOf } from "./truth.ts";

const HEARTBEAT_MS = 30_000;
/** The event that asks for a page of those who are present, and that tells how many there are. */
const PRESENCE_EVENT = "troupe:presence";
/** What ends a channel or a topic is not sent again. */
const NEVER_REPEATED: readonly string[] = ["boom", "crash", "stop"];

/** A client written for this: it speaks one version of the wire, comes back, and does nothing clever. */
export class RawClient extends SimClient {
  readonly #vsn: string;
  readonly #memberships = new Map<string, Membership>();
  readonly #pending = new Map<string, Sent>();
  /** What asks for pages of those who are present. */
  readonly #pages = new Map<string, Membership>();
  readonly #questions: Questions;
  readonly #repeats: Repeats;
  readonly #refs: Map<string, string>;
  #socket: WebSocket | null = null;
  #ref = 0;
  readonly #secrets: Secrets;
  readonly #renewals: Renewals;
  /** What it has said over this connection that is not for itself. */
  readonly #whispers = new Set<string>();
  /** The refs of its leaves that are not answered. */
  readonly #leaves = new Set<string>();
  /** The last ref of the connection before. */
  #firstRef = 0;
  #isOpen = false;
  #isClosed = false;
  #heard = true;

  /** `refs`: what presence references stand for, shared by all. */
  constructor(ports: ClientPorts, party: Party, vsn: string, refs: Map<string, string>) {
    super(ports, party);
    this.#vsn = vsn;
    this.#refs = refs;
    this.#repeats = new Repeats(ports.world, this.name, ports.dedupeWindow - 1);
    this.#questions = new Questions(ports.world, party);
    const renew = (token: string): string => this.#push(null, "troupe", "troupe:refresh", { token });
    this.#renewals = new Renewals(this, renew);
    this.#secrets = new Secrets(ports.world, ports.passes, party.random);
  }

  start(): void {
    const socket = new WebSocket(`ws://sim/socket/websocket?vsn=${this.#vsn}&user=${this.pass()}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#isOpen = true;
      this.#secrets.opened();
      this.#firstRef = this.#ref;
      this.#whispers.clear();
      this.#heard = true;
      this.#beat(socket);
      for (const membership of this.#memberships.values()) {
        if (membership.isWanted) this.#sendJoin(membership);
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
      if (socket === this.#socket) this.#gone();
    };
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
    };
    membership.isWanted = true;
    membership.payload = payload;
    this.#memberships.set(topic, membership);
    if (this.#isOpen) this.#sendJoin(membership);
  }

  override rejoin(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined") return;
    this.#out(membership);
    this.#repeats.forgetTopic(topic);
    this.#sendJoin(membership);
  }

  leave(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership === undefined || !membership.isWanted) return;
    membership.isWanted = false;
    this.#out(membership);
    if (this.#isOpen) this.#leaves.add(this.#push(membership.joinRef, topic, "phx_leave", {}));
  }

  send(topic: string, event: string, payload: { readonly id: string }): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined") return;
    const { joins } = this.follower(topic);
    const sent: Sent = { topic, event, id: payload.id, payload, joins };
    if (!NEVER_REPEATED.includes(event)) this.#repeats.add(sent);
    this.#send(membership, sent);
  }

  override repeat(topic: string): void {
    const membership = this.#memberships.get(topic);
    const sent = this.#repeats.lastIn(topic);
    if (membership?.status === "joined" && sent !== undefined) this.#send(membership, sent);
  }

  #send({ joinRef, topic }: Membership, sent: Sent): void {
    const { id, event, payload } = sent;
    if (event === "whisper" && !this.ports.truth.repeated.has(id)) this.#whispers.add(id);
    const ref = this.#push(joinRef, topic, event, { ...payload, "troupe:id": id });
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
    membership.counted.asking();
    this.#askPage(membership, 0);
  }

  #askPage(membership: Membership, after: number): void {
    const { joinRef, topic } = membership;
    this.#pages.set(this.#push(joinRef, topic, PRESENCE_EVENT, { after }), membership);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close(1000, "");
  }

  #gone(): void {
    this.#socket = null;
    this.#isOpen = false;
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

  #beat(socket: WebSocket): void {
    this.ports.world.after(this.party, HEARTBEAT_MS, () => {
      if (socket !== this.#socket) return;
      if (!this.#heard) {
        socket.close(1000, "heartbeat timeout");
        return this.#gone();
      }
      this.#heard = false;
      this.#push(null, "phoenix", "heartbeat", {});
      this.#beat(socket);
    });
  }

  #sendJoin(membership: Membership): void {
    const { topic, payload, connection } = membership;
    const { session } = this.#secrets;
    const position = isKept(topic) ? this.follower(topic).position : null;
    const ref = membership.joinRef = String(++this.#ref);
    membership.status = "joining";
    const troupe = position !== null
      ? { ...position, ...(connection !== undefined && { connection }) }
      : undefined;
    this.#write(ref, ref, topic, "phx_join", {
      ...payload,
      ...(sortOf(topic) === "kept" && this.party.random.float() < 0.3 && { as: "loud" }),
      ...(session !== null && { "troupe:session": session }),
      ...(troupe !== undefined && { troupe }),
    });
    membership.payload = {};
  }

  #received({ joinRef, ref, topic, event, payload, offset }: ServerMessage): void {
    this.#heard = true;
    if (topic === "troupe") return this.#renewals.told(ref, event, payload as { status?: string });
    if (topic === "phoenix") return;
    if (joinRef !== null && Number(joinRef) <= this.#firstRef) {
      this.ports.world.fail(
        "nothing of the connection before comes over the next",
        `${this.name} in ${topic}: ${event}`,
      );
    }
    const membership = this.#memberships.get(topic);
    if (membership === undefined || (joinRef !== null && joinRef !== membership.joinRef)) return;
    if (event === "phx_reply") {
      return this.#replied(membership, ref, payload as { status: string; response: never });
    }
    if (membership.status !== "joined") {
      if (!membership.isWanted) return; // it has left, and what was on its way still comes
      if (
        event !== "phx_error" && event !== "phx_close" && membership.status === "joining" && joinRef !== null
      ) {
        this.ports.world.fail(
          "nothing comes before the answer to the join",
          `${this.name} in ${topic}: ${event}`,
        );
      }
      if (event !== "phx_error" && event !== "phx_close") return;
    }
    if (event === "phx_error" || event === "phx_close") return this.#ended(membership, event);
    if (event === "troupe:matched") return this.#matched(topic, payload as MatchedSaid);
    if (membership.missed > 0) this.#checkMissed(membership, event, payload as { count?: number });
    const follower = this.follower(topic);
    const wireOffset = this.#vsn === "2.0.0" ? undefined : offset;
    if (event === "troupe:missed") {
      const { from, to } = payload as { from: number | null; to: number | null };
      follower.missed(from, to);
    } else if (event === "troupe:state") {
      const snapshot = payload as { state: BoardState; epoch: string; offset: number };
      follower.shown(snapshot.state, snapshot.epoch, snapshot.offset);
    } else if (event === "troupe:request") {
      const { id, payload: { id: answer } } = payload as { id: string; payload: { id: string } };
      const { joinRef } = membership;
      this.#questions.asked(() =>
        membership.status !== "joined" || membership.joinRef !== joinRef
          ? null
          : this.#push(joinRef, topic, "troupe:answer", { id, status: "ok", response: { answer } })
      );
    } else if (event === PRESENCE_EVENT) membership.counted.received(payload as Told);
    else if (event.startsWith("presence_")) membership.presence.received(event, payload);
    else if (!event.startsWith("troupe:")) follower.received(event, saidOf(payload), wireOffset);
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

  #checkMissed(membership: Membership, event: string, { count = 0 }: { readonly count?: number }): void {
    const { topic, missed } = membership;
    membership.missed = 0;
    if (event === "troupe:missed" && count >= missed) return;
    const details = `${this.name} in ${topic} has missed ${missed}, and is told ${event} ${count}`;
    this.ports.world.fail("what is missed is told", details);
  }

  #replied(
    membership: Membership,
    ref: string | null,
    { status, response }: { status: string; response: Record<string, unknown> },
  ): void {
    const { topic } = membership;
    if (ref === membership.joinRef) return this.#welcomed(membership, status, response);
    // A topic can be left by who has heard of nothing yet: that does not show that its claim has been answered.
    if (!this.#leaves.delete(ref!) && status === "ok") this.#secrets.answered();
    this.#questions.replied(ref!, status);
    if (this.#pages.has(ref!)) return this.#paged(ref!, status, response as unknown as Told);
    const pending = this.#pending.get(ref!);
    if (pending === undefined) return;
    this.#pending.delete(ref!);
    const { event, id, joins } = pending;
    this.#repeats.answered(id, status, response);
    this.answered(topic, event, id, status, String(response.reason ?? ""), joins);
  }

  #paged(ref: string, status: string, told: Told): void {
    const membership = this.#pages.get(ref)!;
    this.#pages.delete(ref);
    if (status !== "ok") return;
    const next = membership.counted.paged(told);
    if (next !== null) this.#askPage(membership, next);
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
    if (isAnother) { for (const { id } of this.#repeats.forget()) truth.repeated.add(id); }
    membership.status = "joined";
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
    const { world, truth } = this.ports;
    world.note(this.name, `${how} ${topic}`);
    const isKnown = truth.crashed.has(topic) || truth.crashed.has(`${topic} ${this.name}`) ||
      truth.store.hasFailed;
    if (!isKnown && this.ports.network.server()?.isEnding === false) {
      world.fail("no channel ends without a reason", `${this.name} in ${topic}: ${how}`);
    }
    this.#out(membership);
    this.#repeats.forgetTopic(topic);
    if (how === "phx_error") this.#joinLater(membership);
    else membership.isWanted = false;
  }

  #joinLater(membership: Membership): void {
    const { joinRef } = membership;
    this.ports.world.after(this.party, between(this.party.random, 1, 3_000), () => {
      if (membership.isWanted && this.#isOpen && membership.joinRef === joinRef) this.#sendJoin(membership);
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

  #push(joinRef: string | null, topic: string, event: string, payload: object): string {
    const ref = String(++this.#ref);
    this.#write(joinRef, ref, topic, event, payload);
    return ref;
  }

  #write(joinRef: string | null, ref: string, topic: string, event: string, payload: object): void {
    if (this.#isOpen) this.#socket!.send(JSON.stringify([joinRef, ref, topic, event, payload]));
  }
}
