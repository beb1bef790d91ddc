import { App } from "../../app/app.ts";
import type { LogFields, LogLevel } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { actor } from "../../actors/behavior.ts";
import type { Ref } from "../../actors/ref.ts";
import { Info } from "../../sessions/channel_message.ts";
import { dropOldest } from "../../sessions/slow_policy.ts";
import type { User } from "../../sessions/user.ts";
import { longpoll } from "../../transport/longpoll.ts";
import { sse } from "../../transport/sse.ts";
import { websocket } from "../../transport/websocket.ts";
import { Board, Feed, Hall, Kept, Plain } from "./contracts.ts";
import type { Network, Serving } from "./network.ts";
import { Party, randomFor } from "./party.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What fixes a life of the server. */
export interface ServerOptions {
  readonly graceMs: number;
  readonly maxReplay: number;
  readonly historySize: number;
  readonly shuffle: boolean;
}

/** Log lines of which it is known where they come from. */
const EXPECTED: readonly string[] = [
  "handler failed",
  "publications could not be stored",
  "a history could not be read",
];

/** What is told to the actor that is stopped now and then. */
export interface Letter {
  readonly letter: string;
}

/** One life of the server: the whole engine, and an application. */
export class Server implements Serving {
  readonly party: Party;
  readonly app: App<User>;
  isEnding = false;
  /** Letters that were sent, and those that were read or have become dead letters. */
  readonly sent = new Set<string>();
  readonly seen: string[] = [];
  readonly #world: World;
  readonly #truth: Truth;
  readonly #network: Network;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #selves: Ref<unknown>[] = [];
  readonly #baseline: string;
  #reader: Ref<Letter> | null = null;

  constructor(world: World, network: Network, truth: Truth, life: number, options: ServerOptions) {
    this.#world = world;
    this.#network = network;
    this.#truth = truth;
    const random: Random = randomFor(world.seed, `life ${life}`);
    const party = this.party = new Party(`server${life}`, random);
    const clock = world.clockOf(party);
    this.#wait = (ms) => new Promise((resolve) => clock.setTimer(resolve, ms));
    this.app = new App<User>({
      clock,
      random,
      scheduler: {
        turns: world.turnsOf(party),
        ...(options.shuffle && { order: randomFor(world.seed, `shuffle ${life}`) }),
      },
      log: truth.store.open(party),
      logger: { log: (level, message, fields) => this.#logged(level, message, fields) },
      secret: "the simulation has no secrets, all is seeded",
      transports: [websocket, longpoll(), sse()],
      origin: "any",
      authenticate: ({ token, params }) => {
        const id = token ?? params.user;
        return id === undefined ? null : { id, name: id };
      },
      limits: {
        graceMs: options.graceMs,
        maxReplay: options.maxReplay,
        topicIdleMs: 5_000,
        outboxFrames: 400,
        outboxBytes: 16_384,
        transportBytes: 1_024,
        transportFrames: 8,
      },
    });
    this.#declare(options);
    this.#baseline = this.#shape();
    this.#spawnReader();
    void this.#readDeadLetters();
  }

  answer(request: Request): Promise<Response> {
    return this.app.fetch(request, { remoteAddr: { transport: "tcp", hostname: "10.0.0.1", port: 1 } });
  }

  /** Dies: nothing of it goes on. */
  kill(): void {
    this.party.alive = false;
    this.#world.note(this.party.name, "killed");
    this.#network.died(this.party);
  }

  /** Tells an actor that may have been stopped: a letter is read, or it is a dead letter. */
  write(letter: string): void {
    this.sent.add(letter);
    this.#reader?.tell({ letter });
  }

  /** Stops that actor, with what is in its mailbox; or starts another. */
  toggleReader(): void {
    const { system } = this.app;
    if (this.#reader === null) this.#spawnReader();
    else {
      const reader = this.#reader;
      for (let i = 0; i < 3; i++) this.write(`${this.party.name}/late${this.sent.size}`);
      void system.stop(reader as Ref<never>);
      this.write(`${this.party.name}/later${this.sent.size}`);
    }
  }

  /** Tells a channel that may have ended. */
  tellChannel(which: number, letter: string): void {
    const self = this.#selves[which % Math.max(this.#selves.length, 1)];
    if (self === undefined) return;
    this.sent.add(letter);
    self.tell({ letter });
  }

  /** When nobody is there any more, nothing is left of them. */
  checkEmpty(): void {
    const { actors: _, timers, ...gauges } = this.app.gauges;
    const left = Object.entries(gauges).filter(([, value]) => value !== 0);
    if (left.length > 0) this.#world.fail("nothing is left behind", JSON.stringify(Object.fromEntries(left)));
    if (timers > 2) this.#world.fail("no timer is forgotten", `${timers} wait`);
    const shape = this.#shape();
    if (shape !== this.#baseline) {
      this.#world.fail("the tree has its shape again", `it was ${this.#baseline}, now it is ${shape}`);
    }
    this.#checkLetters();
    const faults = this.app.system.counters.get("scheduler.faults");
    if (faults > 0) this.#world.fail("no task throws", `${faults} have`);
  }

  #checkLetters(): void {
    const counted = new Map<string, number>();
    for (const letter of this.seen) counted.set(letter, (counted.get(letter) ?? 0) + 1);
    for (const letter of this.sent) {
      const times = counted.get(letter) ?? 0;
      if (times !== 1) {
        const details = `${letter} was read or became a dead letter ${times} times`;
        this.#world.fail("what is not delivered is a dead letter", details);
      }
    }
  }

  /** What is done too late is a dead letter. */
  #expectDeadLetter(isLate: boolean, what: string, task: () => void): void {
    const { deadLetters } = this.app.system;
    const before = deadLetters.count();
    task();
    if (isLate && deadLetters.count() !== before + 1) {
      this.#world.fail("what is not delivered is a dead letter", `${what} came too late, and is none`);
    }
  }

  #shape(): string {
    const walk = (
      { path, children }: { path: string; children: readonly { path: string; children: readonly never[] }[] },
    ): string[] => [
      path,
      ...children.flatMap((child) => walk(child)),
    ];
    return walk(this.app.system.tree() as never).filter((path) => !path.includes("reader")).join(" ");
  }

  #spawnReader(): void {
    const reader = actor<Letter, null>({
      init: () => null,
      receive: (state, { letter }) => {
        this.seen.push(letter);
        return state;
      },
    });
    this.#reader = this.app.system.spawn(reader, { label: "reader" });
  }

  async #readDeadLetters(): Promise<void> {
    for await (const { message } of this.app.system.deadLetters.stream({ capacity: 100_000 })) {
      const { letter } = ((message instanceof Info ? message.message : message) ?? {}) as Partial<Letter>;
      if (letter !== undefined) this.seen.push(letter);
    }
  }

  #logged(level: LogLevel, message: string, fields?: LogFields): void {
    if (level !== "error" && level !== "warn") return;
    const { error, ...others } = (fields ?? {}) as Record<string, unknown>;
    const details = `${message} ${JSON.stringify(others)} ${
      error instanceof Error ? error.stack : error ?? ""
    }`;
    this.#world.note(
      this.party.name,
      `logs ${level} ${message} ${error instanceof Error ? error.message : error ?? ""}`,
    );
    if (level !== "error" || details.includes("simulated") || this.#truth.store.hasFailed) return;
    if (!EXPECTED.includes(message)) this.#world.fail("no fault of the engine's own", details);
  }

  #declare({ historySize }: ServerOptions): void {
    const truth = this.#truth;
    const history = { size: historySize, ttlMs: 30_000 };
    const { app } = this;
    const counters = (): number => app.system.counters.get("dead_letters.revoked");
    /** Publishes what is not kept, and writes down that it was, unless the channel has ended. */
    const say = (
      ctx: {
        topic: string;
        user: User;
        broadcast(event: "said", payload: { id: string; by: string; x?: string }, options?: object): void;
      },
      id: string,
      leavesOut = false,
    ): void => {
      const before = counters();
      const payload = { id, by: ctx.user.id, ...(leavesOut && { x: ctx.user.id }) };
      ctx.broadcast("said", payload, leavesOut ? { except: ctx } : {});
      if (counters() === before) truth.called(ctx.topic, payload);
    };
    const crash = (topic: string, user: string): never => {
      truth.crashed.add(`${topic} ${user}`);
      throw new Error("simulated");
    };
    const ended = new WeakSet<object>();
    const changes = new WeakMap<object, number>();
    app.topic(Plain, {
      join: (ctx, { as }) => {
        if (as === "crash") crash(ctx.topic, ctx.user.id);
        this.#selves.push(ctx.self);
      },
      on: {
        say: (ctx, { id }) => (say(ctx, id), { id }),
        whisper: (ctx, { id }) => (say(ctx, id, true), { id }),
        later: async (ctx, { id, ms }) => {
          await this.#wait(ms);
          this.#expectDeadLetter(ended.has(ctx), `${id} in ${ctx.topic}`, () => say(ctx, id));
          return { id };
        },
        defer: (ctx, { id, ms }) => {
          const reply = ctx.defer();
          const before = changes.get(ctx) ?? 0;
          void this.#wait(ms).then(() => {
            const isLate = ended.has(ctx) || before !== (changes.get(ctx) ?? 0);
            const isRepeated = app.system.counters.get("publishes.repeated") > 0; // then that may be answered
            this.#expectDeadLetter(isLate && !isRepeated, `${id} in ${ctx.topic}`, () => reply.ok({ id }));
            app.system.scheduler.drain();
          });
          return { id };
        },
        ask: async (ctx, { id }) => {
          const asked = ctx.request("poll", { id }, { timeoutMs: 2_000 });
          const { answer } = await asked.catch(() => ({ answer: "" })); // its client is away
          if (answer !== id && answer !== "") {
            this.#world.fail("an answer is to its question", `${answer} to ${id}`);
          }
          return { id, answer };
        },
        boom: (ctx) => crash(ctx.topic, ctx.user.id),
        crash: (ctx, { id }) => {
          ctx.tellTopic("crash");
          return { id };
        },
        stop: (ctx, { id }) => {
          truth.crashed.add(`${ctx.topic} ${ctx.user.id}`);
          ctx.stop();
          return { id };
        },
      },
      leave: (ctx) => void ended.add(ctx),
      suspended: (ctx) => void changes.set(ctx, (changes.get(ctx) ?? 0) + 1),
      info: (_ctx, message) => void this.seen.push((message as Letter).letter),
      life: {
        tickMs: 4_000,
        tick: ({ topic, memberCount }) => void truth.counts.set(topic, memberCount),
        stop: ({ topic }) => void truth.counts.delete(topic),
        message(topic) {
          truth.crashed.add(topic.topic);
          throw new Error("simulated");
        },
      },
    });
    const keep = (
      ctx: {
        user: User;
        broadcast(event: "said", payload: { id: string; by: string; x?: string }, options?: object): void;
      },
      id: string,
      leavesOut = false,
    ): void => {
      const payload = { id, by: ctx.user.id, ...(leavesOut && { x: ctx.user.id }) };
      ctx.broadcast("said", payload, leavesOut ? { except: ctx } : {});
    };
    app.topic(Kept, {
      history,
      on: {
        say: (ctx, { id }) => (keep(ctx, id), { id }),
        whisper: (ctx, { id }) => (keep(ctx, id, true), { id }),
        later: async (ctx, { id, ms }) => {
          await this.#wait(ms);
          keep(ctx, id);
          return { id };
        },
        twice: (ctx, { id }) => {
          ctx.broadcast("typing", { id: `${id}/t`, by: ctx.user.id }, { ephemeral: true });
          keep(ctx, `${id}/0`);
          keep(ctx, `${id}/1`);
          return { id };
        },
        boom: (ctx) => crash(ctx.topic, ctx.user.id),
        crash: (ctx, { id }) => {
          ctx.tellTopic("crash");
          return { id };
        },
      },
      life: {
        message(topic) {
          truth.crashed.add(topic.topic);
          throw new Error("simulated");
        },
      },
    });
    app.topic(Feed, {
      history,
      slow: dropOldest({ max: 4 }),
      on: { say: (ctx, { id }) => (keep(ctx, id), { id }) },
    });
    app.topic(Board, {
      history: { ...history, snapshotEvery: 5 },
      on: {
        put: async (ctx, { id }) => {
          const { n } = await ctx.transact(({ n }) => [["put", { id, by: ctx.user.id, seen: n }]]);
          return { id, n };
        },
        pair: async (ctx, { id }) => {
          const { n } = await ctx.transact(({ n }) => [
            ["put", { id: `${id}/0`, by: ctx.user.id, seen: n }],
            ["put", { id: `${id}/1`, by: ctx.user.id, seen: n }],
          ]);
          return { id, n };
        },
        tell: (ctx, { id }) => {
          ctx.broadcast("put", { id, by: ctx.user.id, seen: -1 });
          return { id };
        },
      },
    });
    const here = (ctx: { topic: string; user: User }, v: number | null): void =>
      void truth.present.set(`${ctx.topic} ${ctx.user.id}`, v);
    app.topic(Hall, {
      join(ctx) {
        ctx.presence.track(ctx.user.id, { v: 0 });
        here(ctx, 0);
      },
      on: {
        set(ctx, { id, v }) {
          if (ctx.presence.keys.length === 0) return { id };
          ctx.presence.update(ctx.user.id, { v });
          here(ctx, v);
          return { id };
        },
        hide(ctx, { id }) {
          ctx.presence.untrack();
          here(ctx, null);
          return { id };
        },
        show(ctx, { id, v }) {
          ctx.presence.track(ctx.user.id, { v });
          here(ctx, v);
          return { id };
        },
        say: (ctx, { id }) => (say(ctx, id), { id }),
        boom: (ctx) => crash(ctx.topic, ctx.user.id),
      },
    });
  }
}
