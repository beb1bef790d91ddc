/**
 * Random programs of clients whose connections drop and come back, in time or too late, with the right secret, an old
 * one or somebody else's, under a shuffled scheduler whose drains are cut short. Whatever happens, a client gets what
 * was published while it was there, once and in order, is told how much it has missed, and nothing is left behind.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { joined } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { longTest } from "../optional.ts";
import { Client, type Message, type Reply } from "./client.ts";

const GRACE_MS = 1_000;
/** More than any one connection sends. */
const REFS_EACH = 1_000;
const TOPICS = ["room:0", "room:1", "room:2"];
const USERS = ["ada", "ada", "bob"];
const VERSIONS = ["2.0.0", "2.1.0", "2.0.0"];

type ClientAction = "drop" | "steal" | "leave" | "push";
type Action =
  | { readonly do: ClientAction; readonly client: number }
  /** Joins the topics whose bits are set. */
  | { readonly do: "replace" | "flap" | "come_back"; readonly client: number; readonly topics: number }
  | { readonly do: "publish"; readonly topic: number }
  | { readonly do: "stop"; readonly topic: number }
  | { readonly do: "turn" }
  | { readonly do: "settle" }
  | { readonly do: "wait"; readonly ms: number };

const client = fc.nat(USERS.length - 1);
const topic = fc.nat(TOPICS.length - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("publish" as const), topic }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drop" as const), client }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(...["replace", "flap", "come_back", "come_back"] as const),
      client,
      topics: fc.constantFrom(7, 7, 7, 1, 2, 4, 3, 5, 6, 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom(...["steal", "leave", "push", "push"] as const), client }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), topic }) },
  { weight: 3, arbitrary: fc.constantFrom({ do: "turn" as const }, { do: "settle" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, 1_500) }),
  },
);

interface Program {
  readonly seed: number;
  readonly maxSteps: number;
  readonly late: boolean;
  readonly actions: readonly Action[];
}

const program: fc.Arbitrary<Program> = fc.record({
  seed: fc.nat(1_000_000),
  maxSteps: fc.constantFrom(1, 2, 5, 16_384),
  late: fc.boolean(),
  // Of any length, not of some 15 as by default: few of those have somebody come back.
  actions: fc.array(action, { minLength: 1, maxLength: 50, size: "max" }),
});

/** One person: comes back with what it has heard last, as a client would. */
class Person {
  readonly #kit: AppKit;
  readonly #index: number;
  client: Client | null = null;
  /** Every connection that was ever opened. */
  readonly clients: Client[] = [];
  secret: string | null = null;
  /** What was heard over the connection that is there, by topic: publications since the answer to the join. */
  #heard = new Map<string, number[] | null>();
  /** The last publication before the answer, where the answer was to a return. */
  readonly #last = new Map<string, number>();
  readonly #refs = new Map<string, string>();
  /** What was sent over the connection that is there, and not answered: no other connection uses these refs. */
  readonly #asked = new Set<string>();
  resumed = 0;

  constructor(kit: AppKit, index: number) {
    this.#kit = kit;
    this.#index = index;
  }

  get user(): string {
    return USERS[this.#index];
  }

  async comeBack(secret: string | null, topics = 7): Promise<void> {
    this.read();
    this.#heard = new Map();
    this.#refs.clear();
    this.#asked.clear();
    const path = `/socket/websocket?vsn=${VERSIONS[this.#index]}&user=${this.user}`;
    const client = new Client(await this.#kit.connect(path), this.clients.length * REFS_EACH);
    this.client = client;
    this.clients.push(client);
    for (const topic of TOPICS.filter((_, i) => (topics & (1 << i)) !== 0)) {
      this.#heard.set(topic, null);
      const ref = client.join(topic, { "troupe:session": secret, person: this.#index });
      this.#refs.set(topic, ref);
      this.#asked.add(ref);
    }
  }

  /** Sends `event` in every topic. */
  say(event: "push" | "phx_leave"): void {
    for (const topic of this.client === null ? [] : TOPICS) {
      this.#asked.add(this.client!.push(topic, event));
    }
  }

  drop(): void {
    this.read();
    this.client?.connection.close(1006);
    this.client = null;
  }

  /** Checks all that has arrived. */
  read(): void {
    for (const message of this.client?.take() ?? []) this.#take(message);
  }

  /** Checks that all that was published lately has arrived. */
  check(published: ReadonlyMap<string, number>): void {
    this.read();
    if (this.client === null || this.client.closed !== null) return;
    for (const [topic, heard] of this.#heard) {
      if (heard === null || heard.length === 0) continue;
      assertEquals(heard.at(-1), published.get(topic), `${topic} lacks its end`);
    }
  }

  #take([, ref, topic, event, payload]: Message): void {
    const heard = this.#heard.get(topic);
    if (event === "phx_reply") {
      assert(this.#asked.delete(ref!), `${ref} is answered twice, or not of this connection`);
    }
    if (event === "phx_reply" && ref === this.#refs.get(topic)) {
      const { status, response } = payload as Reply;
      assertEquals(heard, null, "answered twice");
      if (status !== "ok") return;
      const { session, resumed } = response.troupe as { session: string; resumed?: true };
      assertEquals(response.person, this.#index, "somebody else's state");
      this.secret = session;
      if (resumed) this.resumed++;
      else this.#last.delete(topic);
      this.#heard.set(topic, []);
    } else if (event === "troupe:missed") {
      const last = this.#last.get(topic);
      const { count } = payload as { count: number };
      assertEquals(heard, []);
      if (last !== undefined) this.#last.set(topic, last + count);
    } else if (event === "said") {
      const { n } = payload as { n: number };
      assert(heard != null, `a publication of ${topic} before the answer`);
      const before = heard.at(-1) ?? this.#last.get(topic);
      // What was on its way when the connection dropped is missed without being counted; never heard twice.
      if (heard.length > 0) assertEquals(n, before! + 1, `${topic} has a gap, or a repetition`);
      else if (before !== undefined) assert(n > before, `${topic} repeats itself`);
      heard.push(n);
      this.#last.set(topic, n);
    } else if (event === "phx_close" || event === "phx_error") this.#heard.delete(topic);
  }
}

/** Runs a program, and gives how many returns there were. */
async function run({ seed, maxSteps, late, actions }: Program): Promise<number> {
  const kit = new AppKit({
    seed,
    shuffle: true,
    scheduler: { maxSteps },
    limits: { graceMs: GRACE_MS, topicIdleMs: 100, maxSuspendedSessionsPerUser: 3 },
    authenticate: ({ params }) => ({ id: `${params.user}` }),
  });
  let living = 0;
  const told: string[] = [];
  const later = (): Promise<void> =>
    new Promise((resolve) => kit.clock.setTimer(resolve, kit.random.integer(3)));
  kit.app.topic("room:*", {
    join(_ctx, payload) {
      living++;
      const { person } = payload as { person: number };
      return joined({ person, away: false }, { person });
    },
    on: { push: () => later() },
    suspended(ctx) {
      assert(!ctx.state.away);
      ctx.state.away = true;
      told.push("suspended");
      return late ? later() : undefined;
    },
    async resumed(ctx) {
      assert(ctx.state.away);
      ctx.state.away = false;
      told.push("resumed");
      if (late) await later();
    },
    info: (ctx) => ctx.stop(),
    leave: () => void living--,
  });
  const baseline = kit.app.gauges;
  const people = USERS.map((_, index) => new Person(kit, index));
  const published = new Map(TOPICS.map((topic) => [topic, 0]));
  const settle = async (): Promise<void> => {
    await kit.settle();
    if (late) await kit.advance(10);
    for (const person of people) person.check(published);
  };
  for (const person of people) await person.comeBack(null);
  await settle();
  for (const each of actions) {
    if (each.do === "turn") kit.turn();
    else if (each.do === "settle") await settle();
    else if (each.do === "wait") await kit.advance(each.ms);
    else if (each.do === "publish") {
      const topic = TOPICS[each.topic];
      const n = published.get(topic)! + 1;
      published.set(topic, n);
      kit.app.broadcast(topic, "said", { n });
    } else if (each.do === "stop") kit.app.tell("all", TOPICS[each.topic], "stop");
    else {
      const person = people[each.client];
      if (each.do === "drop") person.drop();
      else if (each.do === "leave") person.say("phx_leave");
      else if (each.do === "push") person.say("push");
      else if (each.do === "replace") await person.comeBack(person.secret, each.topics); // the old one seems open
      else if (each.do === "flap") {
        person.drop();
        await person.comeBack(person.secret, each.topics);
      } else if (each.do === "steal") {
        const victim = people[2 - each.client];
        if (victim.user === person.user) continue;
        person.drop();
        const before = person.resumed;
        await person.comeBack(victim.secret);
        await settle();
        assertEquals(person.resumed, before, "a claim of somebody else's");
      } else if (each.do === "come_back" && (person.client === null || person.client.closed !== null)) {
        await person.comeBack(person.secret, each.topics);
      }
    }
    assert(kit.app.gauges.suspended <= 2 * 3, "too many wait");
  }
  await settle();
  for (const { connection } of people.flatMap(({ clients }) => clients)) connection.close(1006);
  await kit.advance(GRACE_MS + 1_000);
  assertEquals(living, 0);
  assertEquals(kit.app.gauges, baseline);
  await kit[Symbol.asyncDispose]();
  return kit.app.system.counters.get("channels.resumed");
}

async function runMany(numRuns: number): Promise<void> {
  let returns = 0;
  await fc.assert(fc.asyncProperty(program, async (each) => void (returns += await run(each))), { numRuns });
  assert(returns > numRuns, "hardly anybody has come back: these programs show nothing");
}

Deno.test("Random drops and returns: nothing is heard twice or out of order, nothing is left behind", async () => {
  await runMany(150);
});

longTest("Many random drops and returns", async () => {
  await runMany(5_000);
});

Deno.test("A connection that takes over, and then sends: each message is answered once, and over its own connection", async () => {
  const actions: Action[] = [4, 7, 1].flatMap((topics) => [
    { do: "replace", client: 0, topics },
    { do: "push", client: 0 },
    { do: "publish", topic: 2 },
    { do: "turn" },
  ]);
  for (const maxSteps of [1, 2, 5]) {
    for (const late of [false, true]) await run({ seed: 1930603400 % 1_000_000, maxSteps, late, actions });
  }
});

Deno.test("A return that is overtaken by the next one is not answered over the connection of that", async () => {
  const actions: Action[] = [
    { do: "drop", client: 1 },
    { do: "settle" },
    { do: "replace", client: 1, topics: 7 },
    { do: "replace", client: 1, topics: 7 },
    { do: "replace", client: 0, topics: 7 },
  ];
  await run({ seed: 0, maxSteps: 1, late: true, actions });
});
