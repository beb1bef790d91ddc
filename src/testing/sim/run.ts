import { type CONTRACTS, sortOf } from "./contracts.ts";
import { patchGlobals } from "./globals.ts";
import { Network } from "./network.ts";
import { Party, randomFor } from "./party.ts";
import { RawClient } from "./raw_client.ts";
import { RealClient } from "./real_client.ts";
import type { Schedule, Step } from "./schedule.ts";
import { Server } from "./server.ts";
import type { ClientPorts, SimClient } from "./sim_client.ts";
import { Store } from "./store.ts";
import { StreamClient } from "./stream_client.ts";
import { Truth } from "./truth.ts";
import { World } from "./world.ts";

/** How long after the last step everything has to be in order again, in milliseconds. */
const HEALING_MS = 150_000;
/** How long after the last client has gone nothing of them is left. */
const EMPTYING_MS = 120_000;

/** What clients say in each sort of topic. */
const EVENTS: Readonly<Record<keyof typeof CONTRACTS, readonly string[]>> = {
  plain: ["say", "say", "say", "whisper", "later", "defer", "ask"],
  kept: ["say", "say", "say", "whisper", "later", "twice"],
  feed: ["say"],
  board: ["put", "put", "pair", "tell"],
  hall: ["set", "set", "hide", "show", "say"],
};

/** One run: a world, what happens in it by its schedule, and whether all is well in the end. */
export class Run {
  readonly world: World;
  readonly #schedule: Schedule;
  readonly #store: Store;
  readonly #truth: Truth;
  readonly #network: Network;
  readonly #clients: SimClient[] = [];
  readonly #refs = new Map<string, string>();
  #server!: Server;
  #life = 0;
  #isRestarting = false;
  #lastId = 0;

  constructor(seed: number, schedule: Schedule) {
    this.world = new World(seed);
    this.#schedule = schedule;
    this.#store = new Store(this.world);
    this.#truth = new Truth(this.world, this.#store);
    this.#network = new Network(this.world);
    this.#store.kill = () => this.#kill();
  }

  /** Runs it all. What is wrong is in `world.violation`. */
  async play(): Promise<void> {
    const undo = patchGlobals(this.world, this.#network.platform);
    try {
      this.#begin();
      this.#connect();
      for (const step of this.#schedule.steps) {
        this.world.after(this.world.nobody, step.atMs, () => this.#act(step));
      }
      await this.world.pass((this.#schedule.steps.at(-1)?.atMs ?? 0) + 1);
      await this.#finish();
    } finally {
      undo();
    }
  }

  async #finish(): Promise<void> {
    const { world } = this;
    world.note("world", "heals");
    Object.assign(this.#store.faults, { errors: 0, slow: 0, slowMs: 0, crash: null });
    for (const { host } of this.#clients) {
      host.online = true;
      host.stalled = false;
      host.latency = [0, 3];
      for (const wire of [...host.open]) wire.resumed();
    }
    await world.pass(HEALING_MS);
    if (world.violation !== null) return;
    // Before anything else happens, too: what is stuck must not be freed by it.
    for (const client of this.#clients) client.checkAnswered();
    this.#checkCounts();
    if (world.violation !== null) return;
    for (const topic of this.#schedule.topics) this.#sayOutside(topic);
    await world.pass(5_000);
    if (world.violation !== null) return;
    for (const client of this.#clients) client.checkAtRest();
    this.#checkPresence();
    this.#checkCounts();
    if (world.violation !== null) return;
    for (const client of this.#clients) world.as(client.party, () => client.close());
    await world.pass(EMPTYING_MS);
    if (world.violation !== null) return;
    this.#server.checkEmpty();
    this.#server.isEnding = true;
    const isClosed = await world.passUntil(this.#server.app.close(), 60_000);
    if (!isClosed && world.violation === null) {
      world.fail("the server ends", "it has not ended within a minute");
    }
  }

  // ── The server ───────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    const { shuffle, graceMs, maxReplay, historySize } = this.#schedule;
    this.#truth.begun();
    this.#store.reopened();
    this.#refs.clear();
    this.#server = new Server(this.world, this.#network, this.#truth, ++this.#life, {
      shuffle,
      graceMs,
      maxReplay,
      historySize,
    });
    this.#isRestarting = false;
    this.#network.serve(this.#server);
    this.world.note("world", `life ${this.#life} begins`);
  }

  #kill(): void {
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    this.#server.isEnding = true;
    this.#server.kill();
    this.world.after(this.world.nobody, 700, () => this.#begin());
  }

  #restart(drainMs: number | null): void {
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    const server = this.#server;
    server.isEnding = true;
    const { app, party } = server;
    this.world.note("world", `restart ${drainMs}`);
    const ended = this.world.as(party, async () => {
      if (drainMs !== null) {
        await app.drain({ overMs: drainMs });
        const { connections, opening } = app.gauges;
        if (connections + opening > 0) {
          this.world.fail("a drain empties the server", `${connections}, ${opening} are left`);
        }
      }
      this.#network.serve(null);
      await app.close({ deadlineMs: 3_000 });
    });
    const again = (): void => {
      server.kill(); // what is left of its process
      this.world.after(this.world.nobody, 200, () => this.#begin());
    };
    ended.then(again, (error) => this.world.fail("the server ends", String(error)));
  }

  // ── Clients ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    const { world } = this;
    const ports: ClientPorts = {
      world,
      network: this.#network,
      truth: this.#truth,
      mayBeCut: this.#schedule.maxReplay < 1_000,
      life: () => this.#life,
    };
    this.#schedule.clients.forEach((kind, i) => {
      const party = new Party(`c${i}`, randomFor(world.seed, `client ${i}`));
      party.skewMs = party.random.integer(7_200_000) - 3_600_000;
      const client = kind === "stream"
        ? new StreamClient(ports, party)
        : kind === "raw 2.1.0" || kind === "raw 2.0.0"
        ? new RawClient(ports, party, kind.slice(4), this.#refs)
        : new RealClient(ports, party);
      // Each POST of a stream's client goes its own way.
      if (kind !== "stream") this.#truth.ordered.add(client.name);
      if (kind === "polling") client.host.webSockets = false;
      this.#clients.push(client);
      world.note(client.name, `is ${kind}`);
      world.after(party, i, () => {
        client.start();
        for (const topic of this.#schedule.topics) if (party.random.float() < 0.8) client.join(topic);
      });
    });
  }

  /** A topic has as many members as clients are in it. */
  #checkCounts(): void {
    for (const [topic, count] of this.#truth.counts) {
      const real = this.#clients.filter(({ followers }) => followers.get(topic)?.isJoined).length;
      if (count !== real) {
        this.world.fail("a topic knows its members", `${topic} has ${count}, there are ${real}`);
      }
    }
  }

  #checkPresence(): void {
    for (const topic of this.#schedule.topics) {
      if (sortOf(topic) !== "hall") continue;
      const expected: Record<string, number[]> = {};
      for (const { name, followers } of this.#clients) {
        const v = this.#truth.present.get(`${topic} ${name}`) ?? null;
        if (followers.get(topic)?.isJoined && v !== null) expected[name] = [v];
      }
      for (const client of this.#clients) {
        const present = client.followers.get(topic)?.isJoined ? client.present(topic) : null;
        if (present === null) continue;
        const [seen, real] = [present, expected].map((each) => JSON.stringify(Object.entries(each).sort()));
        if (seen !== real) {
          this.world.fail("presence converges", `${client.name} in ${topic} sees ${seen}, it is ${real}`);
        }
      }
    }
  }

  // ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #act({ act, client: number, topic, n }: Step): void {
    const client = this.#clients[number];
    if (client === undefined) return;
    this.world.note("step", `${act} ${client.name} ${topic}`);
    const { host } = client;
    const later = (ms: number, task: () => void): void => void this.world.after(this.world.nobody, ms, task);
    const fault = (): void => void host.faults++;
    const { faults } = this.#store;
    const as = (task: () => void): void => this.world.as(client.party, task);
    switch (act) {
      case "say":
        return as(() => this.#say(client, topic, n));
      case "burst":
        return as(() => {
          for (let i = 0; i < 3 + n % 20; i++) this.#say(client, topic, 0);
        });
      case "join":
        return as(() => client.join(topic));
      case "leave":
        return as(() => client.leave(topic));
      case "outside":
        return this.#sayOutside(topic);
      case "boom":
        return as(() =>
          sortOf(topic) === "board" || sortOf(topic) === "feed" || this.#send(client, topic, "boom")
        );
      case "crashTopic":
        return as(() =>
          void (["plain", "kept"].includes(sortOf(topic)) && this.#send(client, topic, "crash"))
        );
      case "stop":
        return as(() => void (sortOf(topic) === "plain" && this.#send(client, topic, "stop")));
      case "crashJoin":
        return as(() => void (sortOf(topic) === "plain" && client.join(topic, { as: "crash" })));
      case "cut":
        fault();
        for (const wire of [...host.open]) wire.cut();
        return;
      case "cutHalf":
        fault();
        for (const wire of [...host.open]) wire.cutHalf();
        return;
      case "unplug":
        fault();
        host.online = false;
        return later(n * 60, () => host.online = true);
      case "stall":
        fault();
        host.stalled = true;
        return later(n * 20, () => {
          host.stalled = false;
          for (const wire of [...host.open]) wire.resumed();
        });
      case "lag":
        fault();
        host.latency = [n % 50, n % 50 + n];
        return later(n * 20, () => host.latency = [0, 3]);
      case "jump":
        this.#server.party.skewMs += (n - 500) * 1_000;
        client.party.skewMs += (500 - n) * 1_000;
        return;
      case "diskErrors":
        faults.errors = (1 + n % 10) / 10;
        return later(n * 5, () => faults.errors = 0);
      case "diskSlow":
        faults.slow = (1 + n % 10) / 10;
        faults.slowMs = n;
        return later(n * 10, () => faults.slow = 0);
      case "crashBefore":
        faults.crash = "before";
        return;
      case "crashAfter":
        faults.crash = "after";
        return;
      case "kill":
        return this.#kill();
      case "restart":
        return this.#restart(null);
      case "drain":
        return this.#restart(n * 3);
      case "letter":
        return this.world.as(this.#server.party, () => this.#server.write(`L${this.#newId()}`));
      case "toggleReader":
        return this.world.as(this.#server.party, () => this.#server.toggleReader());
      case "tellChannel":
        return this.world.as(this.#server.party, () => {
          for (let i = 0; i < 4; i++) this.#server.tellChannel(n + i, `T${this.#newId()}`);
        });
    }
  }

  #say(client: SimClient, topic: string, n: number): void {
    const events = EVENTS[sortOf(topic)];
    this.#send(client, topic, events[n % events.length], n);
  }

  #send(client: SimClient, topic: string, event: string, n = 0): void {
    const id = `${client.name}-${this.#newId()}`;
    const ms = n % 7 === 0 ? n : n % 20;
    const needsV = event === "set" || event === "show";
    const needsMs = event === "later" || event === "defer";
    client.send(topic, event, { id, ...(needsV && { v: n }), ...(needsMs && { ms }) } as { id: string });
  }

  /** Publishes from outside of any handler. */
  #sayOutside(topic: string): void {
    if (this.#isRestarting) return;
    const sort = sortOf(topic);
    const said = { id: `out-${this.#newId()}`, by: "server", ...(sort === "board" && { seen: -1 }) };
    const { app, party } = this.#server;
    this.world.as(party, () => {
      try {
        app.broadcast(topic, sort === "board" ? "put" : "said", said);
        if (sort === "plain" || sort === "hall") this.#truth.called(topic, said);
      } catch (error) {
        this.world.note(party.name, `broadcast: ${error}`);
      }
      app.system.scheduler.drain();
    });
  }

  #newId(): number {
    return ++this.#lastId;
  }
}
