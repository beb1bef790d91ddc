import { readMessages, type ServerMessage } from "../wire_message.ts";
import type { BoardState } from "./contracts.ts";
import { sortOf } from "./contracts.ts";
import { between, type Party } from "./party.ts";
import { type ClientPorts, SimClient } from "./sim_client.ts";
import { StrictPresence } from "./strict_presence.ts";
import type { Said } from "./truth.ts";

/** How it stands in a topic. */
interface Membership {
  readonly topic: string;
  joinRef: string;
  isWanted: boolean;
  status: "joining" | "joined" | "away";
  payload: object;
  connection?: string;
  readonly presence: StrictPresence;
}

interface Pending {
  readonly topic: string;
  readonly event: string;
  readonly id: string;
  readonly joins: number;
}

interface Greeting {
  readonly session?: string;
  readonly resumed?: boolean;
  readonly epoch?: string;
  readonly offset?: number;
  readonly connection?: string;
  readonly recovery?: string;
  readonly gap?: { readonly from: number; readonly to: number };
}

const HEARTBEAT_MS = 30_000;

/** A client written for this: it speaks one version of the wire, comes back, and does nothing clever. */
export class RawClient extends SimClient {
  readonly #vsn: string;
  readonly #memberships = new Map<string, Membership>();
  readonly #pending = new Map<string, Pending>();
  readonly #refs: Map<string, string>;
  #socket: WebSocket | null = null;
  #ref = 0;
  #session: string | null = null;
  /** What it has claimed its session by, over this connection. */
  #claimed: string | null = null;
  #isOpen = false;
  #isClosed = false;
  #heard = true;

  /** `refs`: what presence references stand for, shared by all. */
  constructor(ports: ClientPorts, party: Party, vsn: string, refs: Map<string, string>) {
    super(ports, party);
    this.#vsn = vsn;
    this.#refs = refs;
  }

  start(): void {
    const socket = new WebSocket(`ws://sim/socket/websocket?vsn=${this.#vsn}&user=${this.name}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#isOpen = true;
      this.#claimed = this.#session;
      this.#heard = true;
      this.#beat(socket);
      for (const membership of this.#memberships.values()) {
        if (membership.isWanted) this.#sendJoin(membership);
      }
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      for (const message of readMessages(data)) this.#received(message);
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
    };
    membership.isWanted = true;
    membership.payload = payload;
    this.#memberships.set(topic, membership);
    if (this.#isOpen) this.#sendJoin(membership);
  }

  leave(topic: string): void {
    const membership = this.#memberships.get(topic);
    if (membership === undefined || !membership.isWanted) return;
    membership.isWanted = false;
    this.#out(membership);
    if (this.#isOpen) this.#push(membership.joinRef, topic, "phx_leave", {});
  }

  send(topic: string, event: string, payload: { readonly id: string }): void {
    const membership = this.#memberships.get(topic);
    if (membership?.status !== "joined") return;
    const ref = this.#push(membership.joinRef, topic, event, { ...payload, "troupe:id": payload.id });
    const { joins } = this.follower(topic);
    this.#pending.set(ref, { topic, event, id: payload.id, joins });
    this.sends(topic, event, payload.id);
  }

  present(topic: string): Readonly<Record<string, readonly number[]>> | null {
    const membership = this.#memberships.get(topic);
    return membership?.status === "joined" ? membership.presence.present : null;
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
    world.after(this.party, between(this.party.random, 100, 2_000), () => this.#isClosed || this.start());
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
    const position = this.follower(topic).position;
    const isKept = sortOf(topic) === "kept" || sortOf(topic) === "feed" || sortOf(topic) === "board";
    const ref = membership.joinRef = String(++this.#ref);
    membership.status = "joining";
    const troupe = position !== null && isKept
      ? { ...position, ...(connection !== undefined && { connection }) }
      : undefined;
    this.#write(ref, ref, topic, "phx_join", {
      ...payload,
      ...(this.#session !== null && { "troupe:session": this.#session }),
      ...(troupe !== undefined && { troupe }),
    });
    membership.payload = {};
  }

  #received({ joinRef, ref, topic, event, payload, offset }: ServerMessage): void {
    this.#heard = true;
    if (topic === "phoenix" || topic === "troupe") return;
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
    const follower = this.follower(topic);
    const wireOffset = this.#vsn === "2.0.0" ? undefined : offset;
    if (event === "phx_error" || event === "phx_close") this.#ended(membership, event);
    else if (event === "troupe:missed") {
      const { from, to } = payload as { from: number | null; to: number | null };
      follower.missed(from, to);
    } else if (event === "troupe:state") {
      const snapshot = payload as { state: BoardState; epoch: string; offset: number };
      follower.shown(snapshot.state, snapshot.epoch, snapshot.offset);
    } else if (event === "troupe:request") {
      const { id, payload: { id: answer } } = payload as { id: string; payload: { id: string } };
      this.#push(membership.joinRef, topic, "troupe:answer", { id, status: "ok", response: { answer } });
    } else if (event.startsWith("presence_")) membership.presence.received(event, payload);
    else if (!event.startsWith("troupe:")) follower.received(event, payload as Said, wireOffset);
  }

  #replied(
    membership: Membership,
    ref: string | null,
    { status, response }: { status: string; response: Record<string, unknown> },
  ): void {
    const { topic } = membership;
    if (ref === membership.joinRef) return this.#welcomed(membership, status, response);
    const pending = this.#pending.get(ref!);
    if (pending === undefined) return;
    this.#pending.delete(ref!);
    const { event, id, joins } = pending;
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
    const { session, resumed, epoch, offset, connection, recovery, gap } =
      (response.troupe ?? {}) as Greeting;
    if (resumed && session === this.#claimed) {
      this.ports.world.fail("each claim makes the secret new", `${this.name} in ${topic}`);
    }
    if (session !== undefined) this.#session = session;
    membership.status = "joined";
    membership.connection = connection;
    membership.presence.joined();
    this.follower(topic).entered(
      { epoch: epoch ?? null, offset: offset ?? null, recovery: recovery ?? null, gap: gap ?? null },
      this.ports.life(),
    );
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
    if (how === "phx_error") this.#joinLater(membership);
    else membership.isWanted = false;
  }

  #joinLater(membership: Membership): void {
    const { joinRef } = membership;
    this.ports.world.after(this.party, between(this.party.random, 100, 3_000), () => {
      if (membership.isWanted && this.#isOpen && membership.joinRef === joinRef) this.#sendJoin(membership);
    });
  }

  #out(membership: Membership): void {
    membership.status = "away";
    this.follower(membership.topic).left();
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
