/**
 * Random programs of several clients over several topics: joins, leaves, pushes, broadcasts, crashes and disconnects,
 * with handlers that answer at once or later, under a shuffled scheduler whose drains are cut short. Whatever the
 * order of events, the rules hold.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { refuse } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { longTest } from "../optional.ts";
import { type Client, connect, type Message, type Reply } from "./client.ts";

const TOPICS = ["room:0", "room:1"];
const VERSIONS = ["2.0.0", "2.1.0", "2.1.0"];

type Action = "join" | "join_late" | "join_refused" | "join_crash" | "leave" | "say" | "twice" | "twice_late";
type Ending = "crash" | "crash_late" | "stop" | "close" | "kick";
type World = "server_says" | "turn" | "settle" | "wait";

interface Step {
  readonly client: number;
  readonly topic: number;
  readonly action: Action | Ending | World;
  /** Sent in one frame with what this client sends next, where its version has batches. */
  readonly batched: boolean;
}

interface Program {
  readonly seed: number;
  readonly maxSteps: number;
  readonly steps: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.record({
  client: fc.nat(VERSIONS.length - 1),
  topic: fc.nat(TOPICS.length - 1),
  action: fc.constantFrom<Step["action"]>(
    ...[
      "join",
      "join",
      "join",
      "join_late",
      "join_late",
      "join_refused",
      "join_crash",
      "leave",
      "leave",
    ] as const,
    ...["say", "say", "say", "twice", "twice", "twice", "twice_late", "twice_late"] as const,
    ...["crash", "crash_late", "stop", "close", "kick"] as const,
    ...["server_says", "server_says", "turn", "settle", "wait"] as const,
  ),
  batched: fc.boolean(),
});

const program: fc.Arbitrary<Program> = fc.record({
  seed: fc.nat(1_000_000),
  maxSteps: fc.constantFrom(1, 2, 5, 16_384),
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
});

function makeKit({ seed, maxSteps }: Program): AppKit {
  const kit = new AppKit({
    seed,
    shuffle: true,
    scheduler: { maxSteps },
    limits: { topicIdleMs: 500 },
    authenticate: ({ params }) => ({ id: `${params.user}` }),
  });
  const later = (): Promise<void> =>
    new Promise((resolve) => kit.clock.setTimer(resolve, kit.random.integer(40)));
  interface Payload {
    readonly id: number;
    readonly how: string;
  }
  kit.app.topic("room:*", {
    async join(ctx, payload) {
      const { how } = payload as Payload;
      if (how === "join") return;
      ctx.push("welcome", {});
      await later();
      if (how === "join_refused") return refuse({ reason: "no" });
      if (how === "join_crash") throw new Error("join");
    },
    on: {
      say: (ctx, payload) => ctx.broadcast("said", { id: `${(payload as Payload).id}` }),
      twice(ctx, payload) {
        const { id } = payload as Payload;
        ctx.broadcast("said", { id: `${id}a` });
        ctx.push("between", { id: `${id}` });
        ctx.broadcast("said", { id: `${id}b` });
        return { id: `${id}` };
      },
      async twice_late(ctx, payload) {
        const { id } = payload as Payload;
        ctx.broadcast("said", { id: `${id}a` });
        await later();
        ctx.push("between", { id: `${id}` });
        ctx.broadcast("said", { id: `${id}b` });
        return { id: `${id}` };
      },
      crash(ctx, payload) {
        ctx.broadcast("said", { id: `${(payload as Payload).id}` });
        throw new Error("crash");
      },
      async crash_late(ctx, payload) {
        await later();
        ctx.broadcast("said", { id: `${(payload as Payload).id}` });
        throw new Error("crash");
      },
      stop: (ctx) => ctx.stop(),
    },
    leave: (ctx, { kind }) =>
      ctx.broadcast("left", { id: `left ${ctx.connectionId} ${kit.app.system.random.uuid()} ${kind}` }),
  });
  return kit;
}

/** Runs a program; gives what the observer saw, and what each connection saw. */
async function run(kit: AppKit, { steps }: Program): Promise<{ seen: Message[]; histories: Message[][] }> {
  const observer = await connect(kit);
  for (const topic of TOPICS) observer.join(topic, { how: "join" });
  await kit.settle();
  const all: Client[] = [];
  const open = async (version: string): Promise<Client> => {
    const client = await connect(kit, `/socket/websocket?vsn=${version}&user=user-${all.length}`);
    all.push(client);
    return client;
  };
  const clients: Client[] = [];
  for (const version of VERSIONS) clients.push(await open(version));
  const waiting: Message[][] = VERSIONS.map(() => []);
  for (const [id, { client: index, topic: topicIndex, action, batched }] of steps.entries()) {
    const client = clients[index];
    const topic = TOPICS[topicIndex];
    if (action === "turn") kit.turn();
    else if (action === "settle") await kit.settle();
    else if (action === "wait") await kit.advance(20);
    else if (action === "server_says") kit.app.broadcast(topic, "said", { id: `${id}` });
    else if (action === "close" || action === "kick") {
      if (action === "kick") kit.app.disconnect({ user: `user-${all.indexOf(client)}` });
      else client.connection.close();
      waiting[index] = [];
      clients[index] = await open(VERSIONS[index]);
    } else {
      const message = action.startsWith("join")
        ? client.joinMessage(topic, { id, how: action })
        : client.message(topic, action === "leave" ? "phx_leave" : action, { id });
      waiting[index].push(message);
      if (batched && VERSIONS[index] === "2.1.0") continue;
      if (waiting[index].length > 1) client.batch(...waiting[index]);
      else client.raw(JSON.stringify(message));
      waiting[index] = [];
    }
  }
  await kit.advance(1_000);
  for (const client of clients) client.connection.close();
  await kit.settle();
  const seen = observer.take();
  observer.connection.close();
  return { seen, histories: all.map((client) => client.take()) };
}

const isPublication = ([joinRef, ref, , event]: Message): boolean =>
  joinRef === null && ref === null && (event === "said" || event === "left");
const idIn = ([, , , , payload]: Message): string => (payload as { id: string }).id;

/** The rules, for one connection's view of one topic. `reference` is the topic's order. */
function checkView(view: readonly Message[], reference: readonly string[]): void {
  const place = new Map(reference.map((id, i) => [id, i]));
  let member: string | null = null;
  let last = -1; // the place of the publication before, in the reference
  let isFirst = true; // of this incarnation
  const heard = new Set<string>(); // join_refs that something was said for
  const seen = new Set<string>();
  for (const message of view) {
    const [joinRef, ref, , event, payload] = message;
    if (isPublication(message)) {
      const at = place.get(idIn(message));
      assert(at !== undefined, `${idIn(message)} is not in the topic's order`);
      assert(member !== null, `${idIn(message)} came to somebody who is not a member`);
      if (isFirst) assert(at > last, `${idIn(message)} came again, or out of order`);
      else assertEquals(at, last + 1, `between ${reference[last]} and ${idIn(message)} something is missing`);
      last = at;
      isFirst = false;
      seen.add(idIn(message));
      continue;
    }
    const isJoinReply = event === "phx_reply" && ref === joinRef && ref !== null;
    if (isJoinReply && (payload as Reply).status === "ok") {
      assert(!heard.has(joinRef!), `something of incarnation ${joinRef} preceded its ok reply`);
      member = joinRef;
      isFirst = true;
    }
    if (joinRef !== null) heard.add(joinRef);
    if (event === "between") assert(seen.has(`${idIn(message)}a`), "a push overtook a broadcast");
    const answered = event === "phx_reply" ? (payload as Reply).response.id : undefined;
    if (answered !== undefined) {
      assert(
        seen.has(`${answered}a`) && seen.has(`${answered}b`),
        `the reply ${answered} overtook a broadcast`,
      );
    }
    if ((event === "phx_close" || event === "phx_error") && joinRef === member) member = null;
  }
}

async function holds(given: Program): Promise<void> {
  const kit = makeKit(given);
  const baseline = { actors: kit.app.system.actorCount, timers: kit.clock.pending };
  const { seen, histories } = await run(kit, given);
  for (const topic of TOPICS) {
    const reference = seen.filter((message) => message[2] === topic && isPublication(message)).map(idIn);
    assertEquals(
      new Set(reference).size,
      reference.length,
      "somebody who never left saw a publication twice",
    );
    for (const history of histories) checkView(history.filter((message) => message[2] === topic), reference);
  }
  await kit.advance(10_000);
  assertEquals({ actors: kit.app.system.actorCount, timers: kit.clock.pending }, baseline, "something leaks");
  assertEquals(kit.app.connections.size, 0);
  for (const topic of TOPICS) assertEquals(kit.app.connections.inTopic(topic), []);
  assertEquals(kit.app.system.counters.get("scheduler.faults"), 0);
  assertEquals(kit.app.system.counters.get("connections.crashed"), 0);
  await kit[Symbol.asyncDispose]();
}

Deno.test("Random programs keep the rules of order, and leave nothing behind", async () => {
  await fc.assert(fc.asyncProperty(program, holds), { numRuns: 150, seed: 1 });
});

/** Programs that once broke a rule. */
const FOUND: Program[] = [
  // The close of an incarnation overtook what it still held, since the next one was replaced before it had joined.
  {
    seed: 0,
    maxSteps: 1,
    steps: [
      { client: 1, topic: 1, action: "join", batched: false },
      { client: 0, topic: 0, action: "close", batched: false },
      { client: 1, topic: 1, action: "twice", batched: false },
      { client: 1, topic: 1, action: "join", batched: false },
      { client: 0, topic: 0, action: "join", batched: false },
      { client: 1, topic: 1, action: "join", batched: false },
    ],
  },
  // The same, where what it had published waited for its commit, and nothing was held behind it.
  {
    seed: 58842,
    maxSteps: 1,
    steps: [
      { client: 2, topic: 1, action: "join", batched: false },
      { client: 2, topic: 1, action: "twice_late", batched: true },
      { client: 0, topic: 0, action: "server_says", batched: false },
      { client: 0, topic: 0, action: "close", batched: false },
      { client: 2, topic: 1, action: "join", batched: true },
      { client: 0, topic: 0, action: "kick", batched: false },
      { client: 2, topic: 1, action: "join", batched: false },
    ],
  },
];

Deno.test("Random programs that once broke a rule keep it", async () => {
  for (const each of FOUND) await holds(each);
});

longTest("Random programs keep the rules of order, and leave nothing behind: many of them", async () => {
  // Another seed looks at other programs: TROUPE_SEED=3 TROUPE_LONG=1 deno test -A tests/sessions/program_test.ts
  const seed = Number(Deno.env.get("TROUPE_SEED") ?? 2);
  await fc.assert(fc.asyncProperty(program, holds), { numRuns: 10_000, seed });
});
