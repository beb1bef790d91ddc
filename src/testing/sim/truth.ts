import type { LogEntry } from "../../topics/log.ts";
import { type BoardState, folded, sortOf } from "./contracts.ts";
import { Permits } from "./permits.ts";
import type { Store } from "./store.ts";
import type { World } from "./world.ts";

/** What was published, as those know it who see everything. */
export interface Said {
  readonly id: string;
  readonly by: string;
  /** Who is left out. */
  readonly x?: string;
  /** Who gets it in this form, where a filter makes one for each. */
  readonly to?: string;
  readonly seen?: number;
}

/** What was published, whatever its form: some of it is bytes, which texts carry in Base64. */
export function saidOf(payload: unknown): Said {
  const { "troupe:bytes": text = null } = payload as { "troupe:bytes"?: string };
  const bytes = payload instanceof Uint8Array ? payload : text === null ? null : Uint8Array.fromBase64(text);
  return bytes === null ? payload as Said : JSON.parse(new TextDecoder().decode(bytes));
}

/** Where something is stored. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
  readonly said: Said;
  /** When it was stored. */
  readonly atMs: number;
}

/** What has really happened: what was published, in which order, what is stored, who is there. */
export class Truth {
  readonly #world: World;
  readonly store: Store;
  /** By topic and epoch; the n-th has the offset n + 1. */
  readonly #histories = new Map<string, Said[]>();
  /** Most have one: what a topic was storing when it ended may be stored once more. */
  readonly #places = new Map<string, readonly Place[]>();
  /** By topic, of the current life: in the order in which they were published. */
  readonly #orders = new Map<string, Map<string, { readonly index: number; readonly said: Said }>>();
  readonly #lists = new Map<string, Said[]>();
  /** What was published in earlier lives, and may still be on its way. */
  readonly #past = new Set<string>();
  readonly #states = new Map<string, BoardState[]>();
  /** Who is present, by topic and user; `null`: hidden. */
  readonly present = new Map<string, number | null>();
  /** Those whose messages to a topic arrive in the order in which they were sent. */
  readonly ordered = new Set<string>();
  readonly #lastOf = new Map<string, number>();
  /** How many members topics say that they have. */
  readonly counts = new Map<string, number>();
  /** Channels and topics that were made to fail: a client may hear of an error there. */
  readonly crashed = new Set<string>();
  /** Those of them whose failure was a throw. */
  readonly failed = new Set<string>();
  /** Who may not be a member any more, by topic and user. */
  readonly expelled = new Set<string>();
  /** When a topic has failed the last time, in this life. */
  readonly crashedMs = new Map<string, number>();
  /** What was sent once more, or over another session before: it may come behind what was sent later. */
  readonly repeated = new Set<string>();
  /** Nothing fails any more, and all that has failed is known. */
  isHealed = false;
  /** How much was published while a client was away, for sure: by topic and user. */
  readonly away = new Map<string, number>();
  /** Which life of the server's it is. */
  life = 0;
  /** Who may get what through patterns. */
  readonly permits: Permits;
  readonly #calledMs = new Map<string, number>();

  constructor(world: World, store: Store) {
    this.#world = world;
    this.store = store;
    this.permits = new Permits(world);
    store.stored = (topic, epoch, entry) => this.#stored(topic, epoch, entry);
  }

  /** A new life begins. */
  begun(): void {
    this.life++;
    for (const list of this.#lists.values()) for (const { id } of list) this.#past.add(id);
    this.#orders.clear();
    this.#lists.clear();
    this.present.clear();
    this.counts.clear();
    this.away.clear();
    this.crashedMs.clear();
    this.expelled.clear();
  }

  /** Something is published that is not kept. */
  called(topic: string, said: Said): void {
    this.#checkSender(topic, said);
    const list = this.#lists.get(topic) ?? [];
    const order = this.#orders.get(topic) ?? new Map();
    if (order.has(said.id)) this.#world.fail("once", `${said.id} takes effect twice in ${topic}`);
    order.set(said.id, { index: list.length, said });
    list.push(said);
    this.#calledMs.set(said.id, this.#world.clock.elapsedMs());
    this.#orders.set(topic, order);
    this.#lists.set(topic, list);
  }

  /** Whether a user's channel in a topic may have ended, or its topic. */
  mayEnd(topic: string, user: string): boolean {
    return this.store.hasFailed || this.crashed.has(topic) || this.crashed.has(`${topic} ${user}`);
  }

  /** Whether it may have ended by a failure. */
  hasFailed(topic: string, user: string): boolean {
    return this.store.hasFailed || this.failed.has(topic) || this.failed.has(`${topic} ${user}`);
  }

  /** When something was published that is not kept. */
  calledMs({ id }: Said): number {
    return this.#calledMs.get(id) ?? 0;
  }

  /** The order of what was published in a topic that keeps nothing. */
  list(topic: string): readonly Said[] {
    return this.#lists.get(topic) ?? [];
  }

  /** Its place in that order. */
  indexOf(topic: string, id: string): number | null {
    return this.#orders.get(topic)?.get(id)?.index ?? null;
  }

  /** Whether it was published in an earlier life, and not kept. */
  isPast(id: string): boolean {
    return this.#past.has(id);
  }

  /** Where something is stored, the first that `isMeant`, or else the last; `null`: nowhere. */
  placeOf(topic: string, id: string, isMeant: (place: Place) => boolean = () => false): Place | null {
    const places = this.#places.get(`${topic} ${id}`) ?? [];
    return places.find(isMeant) ?? places.at(-1) ?? null;
  }

  /** What is stored at an offset. */
  at(topic: string, epoch: string, offset: number): Said | null {
    return this.#histories.get(`${topic} ${epoch}`)?.[offset - 1] ?? null;
  }

  /** The state at an offset. */
  stateAt(topic: string, epoch: string, offset: number): BoardState {
    const key = `${topic} ${epoch}`;
    const states = this.#states.get(key) ?? [{ n: 0, hash: 7 }];
    this.#states.set(key, states);
    while (states.length <= offset) {
      const said = this.at(topic, epoch, states.length);
      if (said === null) return { n: -1, hash: 0 };
      states.push(folded(states.at(-1)!, said));
    }
    return states[offset];
  }

  /** What one client says in a topic keeps its order. */
  #checkSender(topic: string, { id, by }: Said): void {
    if (id.startsWith("stale")) {
      this.#world.fail("who speaks to a channel that is over is not heard", `${id} in ${topic}`);
    }
    if (!this.ordered.has(by) || this.repeated.has(id.split("/")[0])) return;
    const number = parseFloat(id.slice(id.indexOf("-") + 1).replace("/", "."));
    const last = this.#lastOf.get(`${topic} ${by}`) ?? -1;
    if (number <= last) {
      this.#world.fail("what one sends keeps its order", `${id} in ${topic} comes behind ${last}`);
    }
    this.#lastOf.set(`${topic} ${by}`, number);
  }

  #stored(topic: string, epoch: string, { offset, data }: LogEntry): void {
    const said = saidOf(typeof data === "string" ? JSON.parse(data) : data);
    const key = `${topic} ${epoch}`;
    const history = this.#histories.get(key) ?? [];
    this.#histories.set(key, history);
    this.#world.note("store", `${topic} ${offset} ${said.id}`);
    if (history.length !== offset - 1) {
      this.#world.fail("offsets follow each other", `${topic} has ${history.length}, then comes ${offset}`);
    }
    history.push(said);
    const known = this.placeOf(topic, said.id);
    if (known !== null) {
      // A transaction whose topic has ended while it was stored is not answered: what its client repeats counts again.
      if (sortOf(topic) === "board" && this.crashed.has(topic)) this.repeated.add(said.id.split("/")[0]);
      else {
        const places = `at ${known.offset}, and again at ${offset}`;
        this.#world.fail("once", `${said.id} is stored in ${topic} ${places}`);
      }
    }
    this.#checkSender(topic, said);
    const place: Place = { epoch, offset, said, atMs: this.#world.clock.elapsedMs() };
    const name = `${topic} ${said.id}`;
    this.#places.set(name, [...this.#places.get(name) ?? [], place]);
    if (sortOf(topic) !== "board" || said.seen === undefined || said.seen < 0) return;
    const [, part] = said.id.split("/");
    const expected = offset - 1 - Number(part ?? 0);
    if (said.seen !== expected) {
      const details = `${said.id} at ${offset} of ${topic} was decided upon ${said.seen} events`;
      this.#world.fail("a transaction sees all that comes before it", details);
    }
  }
}

/** Whether `user` is to get what was said. */
export function isFor(user: string, { x }: Said): boolean {
  return x !== user;
}
