import type { Channel } from "../../client/channel.ts";
import { type Client, connect } from "../../client/client.ts";
import { follow, type Follower, withAnswers, withPresence, withState } from "../../client/mod.ts";
import type { AnyContract } from "../../contract/define_topic.ts";
import { type BoardState, CONTRACTS, sortOf } from "./contracts.ts";
import { CountedPresence } from "./counted_presence.ts";
import type { Party } from "./party.ts";
import { type ClientPorts, SimClient } from "./sim_client.ts";
import { saidOf } from "./truth.ts";

/** What it uses of a channel, without its types. */
type AnyChannel =
  & Pick<Channel<AnyContract>, "topic" | "position" | "state" | "presence" | "status" | "leave">
  & {
    on(event: string, listener: (payload: never) => void): () => void;
    send(event: string, payload: unknown): Promise<unknown>;
    answer(event: string, handler: (payload: never) => unknown): () => void;
  };

interface Told {
  readonly again: boolean;
  readonly recovery: string | null;
  readonly gap: { readonly from: number; readonly to: number } | null;
}

/** The client of the library, on a platform that is not there. */
export class RealClient extends SimClient {
  #client: Client | null = null;
  #isClosed = false;
  readonly #channels = new Map<string, AnyChannel>();
  readonly #patterns = new Map<string, Follower>();
  readonly #counted = new Map<string, CountedPresence>();

  /** Topics in which it has asked for the end of its channel. */
  readonly #hasStopped = new Set<string>();

  constructor(ports: ClientPorts, party: Party) {
    super(ports, party);
  }

  start(): void {
    this.#client = connect("ws://sim/socket", {
      token: () => this.pass(),
      use: [withPresence, withState, withAnswers],
      failed: (error) => {
        this.ports.world.fail(
          "no listener of the client's throws",
          error instanceof Error ? String(error.stack) : String(error),
        );
      },
    });
    this.#client.on("skipped", ({ topic, event, why }) => {
      this.ports.world.fail("the client knows what comes", `${this.name} in ${topic}: ${event}, ${why}`);
    });
    this.#client.on("state", (state) => {
      this.ports.world.note(this.name, `is ${state}`);
      if (state === "closed" && !this.#isClosed) this.#dismissed();
    });
  }

  /** Over long-poll, a client whose pass is refused is closed for good: its user comes back with another one. */
  #dismissed(): void {
    const { world, passes } = this.ports;
    if (!passes.isBad(this.name)) world.fail("no client is sent away", this.name);
    world.after(this.party, 1_000, () => this.#isClosed || this.start());
  }

  join(topic: string, payload: object = {}): void {
    const sort = sortOf(topic);
    if (this.#client!.state === "closed") return;
    if (sort === "pattern") return this.#follow(topic);
    if (this.#channels.has(topic)) return;
    const contract = CONTRACTS[sort as keyof typeof CONTRACTS] as AnyContract;
    const id = topic.slice(topic.indexOf(":") + 1);
    let given = payload; // the first join alone may crash
    const terms = (): object => {
      const first = given;
      given = {};
      return first;
    };
    const channel = this.#client!.join(contract, { id } as never, terms as never) as unknown as AnyChannel;
    this.#channels.set(topic, channel);
    const follower = this.follower(topic);
    let wasSomewhere = false;
    channel.on("troupe:joined", ({ again, recovery, gap }: Told) => {
      if (again && wasSomewhere && recovery === null) {
        this.ports.world.fail("who comes back goes on from where it was", `${this.name} in ${topic}`);
      }
      follower.entered({ epoch: null, offset: null, recovery, gap }, this.ports.life());
    });
    channel.on("troupe:suspended", () => {
      wasSomewhere = channel.position !== null;
      follower.left();
    });
    channel.on(
      "troupe:missed",
      ({ count, from, to }: { count: number; from: number | null; to: number | null }) => {
        follower.missed(from, to, count);
      },
    );
    channel.on("troupe:ended", ({ kind }: { kind: string }) => {
      this.ports.world.note(this.name, `ended ${topic} ${kind}`);
      if (kind === "closed" && !this.#hasStopped.has(topic)) {
        this.ports.world.fail("an end has its reason", `${this.name} in ${topic}: ${kind}`);
      }
      follower.left();
      if (this.#channels.get(topic) === channel) this.#channels.delete(topic);
    });
    for (const event of Object.keys(contract.definition.server ?? {})) {
      channel.on(event, (said: unknown) => follower.received(event, saidOf(said)));
    }
    if (sortOf(topic) === "board") {
      channel.on("troupe:state", (state: BoardState) => follower.shown(state));
    }
    if (sortOf(topic) === "plain") channel.answer("poll", ({ id: answer }: { id: string }) => ({ answer }));
  }

  /** It is not told when its pattern is joined once more: until all is quiet, what is missing cannot be known. */
  #follow(pattern: string): void {
    if (this.#patterns.has(pattern)) return;
    const contract = CONTRACTS[pattern.startsWith("plain") ? "plain" : "kept"] as AnyContract;
    const following = follow(this.#client!, contract, pattern);
    this.#patterns.set(pattern, following);
    const follower = this.matchedFollower(pattern);
    follower.isLossy = true;
    following.joined.then(() => follower.entered(), () => {});
    void following.ended.then(() => {
      follower.left();
      if (this.#patterns.get(pattern) === following) this.#patterns.delete(pattern);
    });
    for (const event of Object.keys(contract.definition.server ?? {})) {
      following.on(event, ({ topic, payload, offset }) => {
        follower.received({ topic, event, payload, offset });
      });
    }
  }

  leave(topic: string): void {
    void this.#patterns.get(topic)?.leave();
    const channel = this.#channels.get(topic);
    if (channel === undefined) return;
    void channel.leave();
  }

  send(topic: string, event: string, payload: { readonly id: string }): void {
    const channel = this.#channels.get(topic);
    if (channel === undefined) return;
    const { joins } = this.follower(topic);
    const { id } = payload;
    if (event === "stop") this.#hasStopped.add(topic);
    this.sends(topic, event, id);
    channel.send(event, payload).then(
      () => this.answered(topic, event, id, "ok", "", joins),
      ({ code, details }) => {
        const reason = String(details?.reason ?? code);
        if (reason === "reply_timeout" && this.host.faults === 0) {
          this.ports.world.fail("an answer comes in time", `${this.name} in ${topic}: ${event} ${id}`);
        }
        if (reason === "outcome_unknown") this.ports.truth.repeated.add(id);
        this.answered(topic, event, id, "error", reason, joins);
      },
    );
  }

  present(topic: string): Readonly<Record<string, readonly number[]>> | null {
    const channel = this.#channels.get(topic);
    if (channel?.status !== "joined") return null;
    return Object.fromEntries(
      channel.presence.list().map(({ key, metas }) => [key, metas.map(({ v }) => Number(v))]),
    );
  }

  counted(topic: string): CountedPresence | null {
    const channel = this.#channels.get(topic);
    if (channel?.status !== "joined") return null;
    const counted = this.#countedIn(topic);
    const some = Object.fromEntries(channel.presence.list().map(({ key, metas }) => [key, { metas }]));
    counted.received({
      count: channel.presence.size,
      ...(sortOf(topic) === "tally" && { sample: some as never }),
    });
    return counted;
  }

  askPages(topic: string): void {
    const channel = this.#channels.get(topic);
    if (channel?.status !== "joined" || sortOf(topic) !== "crowd") return;
    const counted = this.#countedIn(topic);
    counted.asking();
    const ask = (after: number): void => {
      channel.presence.page(after).then(({ count, present, next }) => {
        const page = Object.fromEntries(present.map(({ key, metas }) => [key, { metas: metas as never }]));
        const following = counted.paged({ count, page, next });
        if (following !== null) ask(following);
      }, () => {});
    };
    ask(0);
  }

  #countedIn(topic: string): CountedPresence {
    const counted = this.#counted.get(topic) ?? new CountedPresence();
    this.#counted.set(topic, counted);
    return counted;
  }

  override checkAnswered(): void {
    super.checkAnswered();
    const { size } = this.#client!.queue;
    if (size > 0) {
      this.ports.world.fail("nothing is left behind", `${this.name} has ${size} messages on their way`);
    }
  }

  override checkAtRest(): void {
    super.checkAtRest();
    const { world, truth } = this.ports;
    for (const [topic, channel] of this.#channels) {
      if (channel.status !== "joined") {
        world.fail("a client comes back", `${this.name} in ${topic} is ${channel.status}`);
      } else if (sortOf(topic) === "board") {
        const { epoch, offset } = truth.store.head(topic);
        const real = truth.stateAt(topic, epoch, offset);
        const state = channel.state as BoardState | undefined;
        if (state?.n !== real.n || state.hash !== real.hash) {
          const details = `${this.name} in ${topic} has ${JSON.stringify(state)}, it is ${
            JSON.stringify(real)
          }`;
          world.fail("states converge", details);
        }
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    void this.#client?.close();
  }
}
