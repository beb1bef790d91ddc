import { App } from "../../app/app.ts";
import { actor } from "../../actors/behavior.ts";
import type { Ref } from "../../actors/ref.ts";
import type { ActorInfo } from "../../base/inspect.ts";
import type { LogFields, LogLevel } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { User } from "../../sessions/user.ts";
import { longpoll } from "../../transport/longpoll.ts";
import { sse } from "../../transport/sse.ts";
import { websocket } from "../../transport/websocket.ts";
import { den } from "./den.ts";
import { keptTopics } from "./kept_topics.ts";
import { type Letter, Letters } from "./letters.ts";
import { Memberships } from "./memberships.ts";
import type { Network, Serving } from "./network.ts";
import { Office } from "./office.ts";
import { Party, randomFor } from "./party.ts";
import { PatternRules } from "./pattern_rules.ts";
import { plainTopic } from "./plain_topic.ts";
import { presenceTopics } from "./presence_topics.ts";
import { pulseTopic } from "./pulse_topic.ts";
import { screen } from "./screen.ts";
import { MAX_WAITING } from "./stream_client.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What fixes a life of the server. */
export type ServerOptions = Pick<
  Schedule,
  | "graceMs"
  | "maxReplay"
  | "historySize"
  | "shuffle"
  | "maxSteps"
  | "authenticateMs"
  | "dedupeWindow"
  | "historyTimeoutMs"
  | "messageBurst"
  | "isScreened"
  | "maxSuspended"
  | "outboxFrames"
  | "replyTimeoutMs"
  | "appendTimeoutMs"
  | "crowdSize"
  | "flushesPerTurn"
>;

/** Log lines of which it is known where they come from. */
const EXPECTED: readonly string[] = [
  "handler failed",
  "publications could not be stored",
  "publications were not stored in time: their topics end",
  "a history could not be read",
];

/** One life of the server: the whole engine, and an application. */
export class Server implements Serving {
  readonly party: Party;
  readonly app: App<User>;
  readonly patterns: PatternRules;
  readonly office: Office;
  isEnding = false;
  readonly #world: World;
  readonly #truth: Truth;
  readonly #network: Network;
  readonly #letters: Letters;
  readonly #memberships: Memberships;
  readonly #checkPulses: () => void;
  readonly #selves: Ref<unknown>[] = [];
  readonly #baseline: string;
  readonly #historyTimeoutMs: number;
  readonly #outboxFrames: number;
  #reader: Ref<Letter> | null = null;

  constructor(world: World, network: Network, truth: Truth, life: number, options: ServerOptions) {
    this.#world = world;
    this.#network = network;
    this.#truth = truth;
    this.#historyTimeoutMs = options.historyTimeoutMs;
    this.#outboxFrames = options.outboxFrames;
    const random: Random = randomFor(world.seed, `life ${life}`);
    const party = this.party = new Party(`server${life}`, random);
    const clock = world.clockOf(party);
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, ms));
    const { authenticateMs } = options;
    const app = this.app = new App<User>({
      clock,
      random,
      scheduler: {
        turns: world.turnsOf(party),
        maxSteps: options.maxSteps,
        ...(options.shuffle && { order: randomFor(world.seed, `shuffle ${life}`) }),
      },
      log: truth.store.open(party),
      logger: { log: (level, message, fields) => this.#logged(level, message, fields) },
      secret: "the simulation has no secrets, all is seeded",
      transports: [
        websocket,
        longpoll(),
        sse({ maxWaitingRequests: MAX_WAITING, replyTimeoutMs: options.replyTimeoutMs }),
      ],
      origin: "any",
      authenticate: ({ token, params, request }) => {
        const pass = token ?? params.user;
        if (pass === undefined) return null;
        const wire = request.headers.get("x-sim-wire");
        const answer = () => this.#grant(pass, wire, clock.now());
        return authenticateMs === 0 ? answer() : wait(random.integer(authenticateMs)).then(answer);
      },
      limits: {
        graceMs: options.graceMs,
        maxReplay: options.maxReplay,
        dedupeWindow: options.dedupeWindow,
        appendTimeoutMs: options.appendTimeoutMs,
        crowdSize: options.crowdSize,
        flushesPerTurn: options.flushesPerTurn,
        topicIdleMs: 5_000,
        componentIdleMs: 60_000,
        outboxFrames: options.outboxFrames,
        outboxBytes: 16_384,
        transportBytes: 1_024,
        transportFrames: 8,
        historyTimeoutMs: options.historyTimeoutMs,
        maxSuspendedSessionsPerUser: options.maxSuspended,
        ...(options.messageBurst > 0 && { messageBurst: options.messageBurst, messagesPerSecond: 5 }),
      },
      middleware: options.isScreened ? [screen(randomFor(world.seed, `screen ${life}`), wait)] : [],
    });
    const letters = this.#letters = new Letters(world, app.system);
    const memberships = this.#memberships = new Memberships(world, truth, app.connections, wait);
    const { historySize } = options;
    const stage: Stage = { app, world, truth, letters, memberships, life, historySize, wait };
    plainTopic(stage, this.#selves);
    keptTopics(stage);
    presenceTopics(stage);
    this.#checkPulses = pulseTopic(stage);
    den(stage);
    this.patterns = new PatternRules(stage);
    this.office = new Office(world, app.system, letters, random, wait);
    const { scheduler } = app.system;
    while (scheduler.ready > 0) scheduler.drain();
    this.#baseline = this.#shape();
    this.#spawnReader();
  }

  answer(request: Request): Promise<Response> {
    return this.app.fetch(request, { remoteAddr: { transport: "tcp", hostname: "10.0.0.1", port: 1 } });
  }

  /** Nothing is left to do now: nothing is left undone. */
  checkAtRest(): void {
    if (!this.party.alive) return;
    if (!this.app.system.scheduler.idle) {
      this.#world.fail("what is ready is run", `${this.app.system.scheduler.ready} actors wait`);
    }
    for (const { id, backlog } of this.app.connections) {
      if (backlog > this.#outboxFrames) this.#world.fail("nothing is unbounded", `${backlog} wait for ${id}`);
    }
  }

  /** Nothing happens any more, and all clients are there: nobody is behind, and nothing is under way. */
  checkQuiet(): void {
    const { behind, opening, handlers } = this.app.gauges;
    if (behind + opening + handlers === 0) return;
    this.#world.fail("all is done at some time", JSON.stringify({ behind, opening, handlers }));
  }

  /** Dies: nothing of it goes on. */
  kill(): void {
    this.party.alive = false;
    this.#world.note(this.party.name, "killed");
    this.#network.died(this.party);
  }

  /** Tells an actor that may have been stopped: a letter is read, or it is a dead letter. */
  write(): void {
    if (this.#reader !== null) this.#letters.send(this.#reader, "to the reader");
  }

  /** Pushes something to a user in a topic, whether its client is there or may come back. */
  push(topic: string, user: string, id: string): void {
    this.#memberships.pushed(topic, user);
    this.app.send({ user }, topic, "pushed", { id, by: "server", to: user });
    this.app.system.scheduler.drain();
  }

  /** Stops that actor, with what is in its mailbox; or starts another. */
  toggleReader(): void {
    const { system } = this.app;
    if (this.#reader === null) return this.#spawnReader();
    for (let i = 0; i < 3; i++) this.write();
    void system.stop(this.#reader as Ref<never>);
    this.write();
  }

  /** Tells a channel that may have ended. */
  tellChannel(which: number): void {
    const self = this.#selves[which % Math.max(this.#selves.length, 1)];
    if (self !== undefined) this.#letters.send(self as Ref<Letter>, "to a channel");
  }

  /** When nobody is there any more, nothing is left of them. */
  checkEmpty(): void {
    this.#checkMailboxes();
    this.office.check();
    this.#truth.store.checkReleased();
    const { actors: _, timers, ...gauges } = this.app.gauges;
    const left = Object.entries(gauges).filter(([, value]) => value !== 0);
    if (left.length > 0) this.#world.fail("nothing is left behind", JSON.stringify(Object.fromEntries(left)));
    if (timers > 2) this.#world.fail("no timer is forgotten", `${timers} wait`);
    const shape = this.#shape();
    if (shape !== this.#baseline) {
      this.#world.fail("the tree has its shape again", `it was ${this.#baseline}, now it is ${shape}`);
    }
    this.#letters.check();
    this.#memberships.checkEmpty();
    this.#checkPulses();
    const faults = this.app.system.counters.get("scheduler.faults");
    if (faults > 0) this.#world.fail("no task throws", `${faults} have`);
  }

  #grant(pass: string, wire: string | null, nowMs: number) {
    const { passes } = this.#network;
    const id = passes.userOf(pass);
    const expiresAt = passes.expiryOf(pass, nowMs);
    const rank = this.#truth.permits.rankOf(id) + (passes.raises(pass, wire) ? 1 : 0);
    if (wire !== null) passes.granted(wire, pass, expiresAt === null ? null : expiresAt - nowMs);
    return { user: { id, name: id, rank }, expiresAt, tokenId: pass };
  }

  /** Every actor has handled what it was told, but for what it has put aside. */
  #checkMailboxes(): void {
    for (const { path, mailboxLength } of this.#actors()) {
      if (mailboxLength > 0) this.#world.fail("what is told is handled", `${mailboxLength} wait for ${path}`);
    }
  }

  #actors(): ActorInfo[] {
    const walk = (info: ActorInfo): ActorInfo[] => [info, ...info.children.flatMap(walk)];
    return walk(this.app.system.tree());
  }

  #shape(): string {
    return this.#actors().map(({ path }) => path).filter((path) => !path.includes("reader")).join(" ");
  }

  #spawnReader(): void {
    const reader = actor<Letter, null>({
      init: () => null,
      receive: (state, letter) => {
        this.#letters.read(letter);
        return state;
      },
    });
    this.#reader = this.app.system.spawn(reader, { label: "reader" });
  }

  /** A topic that was closed while it read its past: the next of its name has gone on meanwhile, and it ends anyway. */
  #isOvertaken(details: string): boolean {
    const [, topic] = /Cannot fold the state of "([^"]+)"/.exec(details) ?? [];
    return topic !== undefined && this.#truth.crashed.has(topic);
  }

  /** A topic whose append takes its time: nobody knows what is stored, and what waits behind it will not be. */
  #isOverdue(details: string): boolean {
    const [, topic] = /Cannot say whether what "([^"]+)" has published/.exec(details) ?? [];
    if (topic === undefined || !this.#truth.store.hasBeenSlow) return false;
    this.#truth.crashed.add(topic);
    this.#truth.failed.add(topic);
    this.#truth.crashedMs.set(topic, this.#world.clock.elapsedMs());
    return true;
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
    if (message === "actor crashed" && (this.#isOvertaken(details) || this.#isOverdue(details))) return;
    const { store } = this.#truth;
    if (message === "a history was not read in time" && store.longestReadMs >= this.#historyTimeoutMs) {
      store.hasFailed = store.hasFailedReads = true;
    }
    if (level !== "error" || details.includes("simulated") || this.#truth.store.hasFailed) return;
    if (!EXPECTED.includes(message)) this.#world.fail("no fault of the engine's own", details);
  }
}
