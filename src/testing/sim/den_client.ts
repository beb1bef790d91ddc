import { DEN, type DenHeard, type DenMessage } from "./den.ts";
import { Heart } from "./heart.ts";
import { between } from "./party.ts";
import { SimClient } from "./sim_client.ts";

/** How often it says that it is there, and how long it waits for an answer, in milliseconds. */
const PING_MS = 20_000;

/** A client of a raw component: it says, listens, and comes back. */
export class DenClient extends SimClient {
  #socket: WebSocket | null = null;
  #isOpen = false;
  #isClosed = false;
  /** What it has sent over this connection and has not heard of yet, the first one first. */
  #waiting: DenMessage[] = [];
  #bytes: string[] = [];
  readonly #heart: Heart = new Heart(this, PING_MS);
  #last = 0;

  start(): void {
    const socket = new WebSocket(`ws://sim/den?user=${this.pass()}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#waiting = [];
    this.#bytes = [];
    socket.onopen = () => {
      this.#isOpen = true;
      this.#heart.start(socket, () => this.#say({ id: this.#newId(), do: "ping" }), () => this.#gone());
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heart.hears();
      if (typeof data === "string") this.#received(JSON.parse(data));
      else this.#echoed(new TextDecoder().decode(data));
    };
    socket.onclose = ({ code }) => {
      this.ports.world.note(this.name, `closed ${code}`);
      if (socket === this.#socket) this.#gone();
    };
  }

  join(): void {
    if (!this.follower(DEN).isJoined) this.#say({ id: this.#newId(), do: "enter" });
  }

  leave(): void {
    if (this.follower(DEN).isJoined) this.#say({ id: this.#newId(), do: "leave" });
  }

  send(_topic: string, event: string, { id }: { readonly id: string }): void {
    const known = ["say", "whisper", "boom"].includes(event) ? event as DenMessage["do"] : "slow";
    this.#say({ id, do: known });
    if (!this.#isOpen || known !== "slow") return;
    this.#bytes.push(id);
    this.#socket!.send(new TextEncoder().encode(id));
  }

  present(): null {
    return null;
  }

  counted(): null {
    return null;
  }

  askPages(): void {}

  override checkAnswered(): void {
    const { world } = this.ports;
    for (const { id, do: what } of this.#waiting) {
      if (what !== "ping") world.fail("everything is answered, or given up", `${this.name}: ${id}`);
    }
    for (const id of this.#bytes) {
      world.fail("everything is answered, or given up", `${this.name}: bytes ${id}`);
    }
    if (!this.#isOpen) world.fail("a client comes back", `${this.name} is not connected`);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close(1000, "");
  }

  #received(heard: DenHeard): void {
    const { world, life } = this.ports;
    const follower = this.follower(DEN);
    if ("id" in heard) {
      if (!follower.isJoined) world.fail("who has left gets nothing", `${this.name}: ${heard.id}`);
      return follower.received("said", heard);
    }
    const { done, did } = heard;
    world.note(this.name, `done ${done} ${did}`);
    if (done !== "welcome") this.#done(done);
    if (did === "enter") follower.entered({ epoch: null, offset: null, recovery: null, gap: null }, life());
    if (did === "leave") follower.left();
  }

  /** Messages of a connection are handled one after the other: those that failed have no answer. */
  #done(id: string): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.id === id) return;
      if (next.do !== "boom") break;
    }
    this.ports.world.fail("answers keep their order", `${this.name}: ${id}`);
  }

  #echoed(id: string): void {
    const expected = this.#bytes.shift();
    if (id !== expected) {
      this.ports.world.fail("bytes come back as they were", `${this.name}: ${id}, not ${expected}`);
    }
  }

  #say(message: DenMessage): void {
    if (!this.#isOpen) return;
    this.#waiting.push(message);
    this.#socket!.send(JSON.stringify(message));
  }

  #gone(): void {
    this.#socket = null;
    this.#heart.stop();
    this.#isOpen = false;
    this.#waiting = [];
    this.#bytes = [];
    this.follower(DEN).left();
    if (this.#isClosed) return;
    this.ports.world.after(
      this.party,
      between(this.party.random, 100, 2_000),
      () => this.#isClosed || this.start(),
    );
  }

  #newId(): string {
    return `${this.name}/${++this.#last}`;
  }
}
