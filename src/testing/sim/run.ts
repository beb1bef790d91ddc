import { Acts, type Scene } from "./acts.ts";
import { hasPresence, sortOf } from "./contracts.ts";
import { DEN } from "./den.ts";
import { DenClient } from "./den_client.ts";
import { patchGlobals } from "./globals.ts";
import { Network } from "./network.ts";
import { Party, randomFor } from "./party.ts";
import { SHOWN } from "./presence_topics.ts";
import { Passes } from "./passes.ts";
import { RawClient } from "./raw_client.ts";
import { RealClient } from "./real_client.ts";
import type { Schedule } from "./schedule.ts";
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

/** One run: a world, what happens in it by its schedule, and whether all is well in the end. */
export class Run implements Scene {
  readonly world: World;
  readonly #schedule: Schedule;
  readonly store: Store;
  readonly truth: Truth;
  readonly passes: Passes;
  readonly network: Network;
  readonly clients: SimClient[] = [];
  readonly topics: readonly string[];
  readonly #refs = new Map<string, string>();
  server!: Server;
  isRestarting = false;
  readonly #acts: Acts;
  #life = 0;

  constructor(seed: number, schedule: Schedule) {
    this.world = new World(seed);
    this.#schedule = schedule;
    this.topics = schedule.topics;
    this.store = new Store(this.world);
    this.truth = new Truth(this.world, this.store);
    this.passes = new Passes(this.world, schedule.passMs);
    this.network = new Network(this.world, this.passes);
    this.store.kill = () => this.kill();
    this.#acts = new Acts(this);
  }

  /** Runs it all. What is wrong is in `world.violation`. */
  async play(): Promise<void> {
    const undo = patchGlobals(this.world, this.network.platform);
    try {
      this.#begin();
      this.#connect();
      for (const step of this.#schedule.steps) {
        this.world.after(this.world.nobody, step.atMs, () => this.#acts.perform(step));
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
    Object.assign(this.store.faults, {
      errors: 0,
      slow: 0,
      appendsMs: 0,
      readsMs: 0,
      poison: null,
      crash: null,
    });
    // From now on passes are good for ever; those that a clock has given a long time end now.
    this.passes.lifeMs = 0;
    if (this.passes.hasJumped) this.server.party.skewMs += 7_200_000;
    for (const { host } of this.clients) {
      host.online = true;
      host.stalled = false;
      host.latency = [0, 3];
      for (const wire of [...host.open]) wire.resumed();
    }
    await world.pass(HEALING_MS);
    if (world.violation !== null) return;
    // Before anything else happens, too: what is stuck must not be freed by it.
    for (const client of this.clients) client.checkAnswered();
    this.server.checkQuiet();
    this.#checkCounts();
    if (world.violation !== null) return;
    this.#repeat();
    await world.pass(500);
    this.truth.isHealed = true; // by now everybody has heard of what could not be stored
    this.#repeat();
    for (const client of this.clients) {
      for (const follower of client.matched.values()) follower.quiet();
      for (const topic of this.#schedule.topics) world.as(client.party, () => client.askPages(topic));
    }
    await world.pass(1_000);
    for (const topic of this.#schedule.topics) this.#acts.sayOutside(topic);
    for (const client of this.clients) {
      if (client instanceof DenClient) world.as(client.party, () => this.#acts.send(client, DEN, "say"));
    }
    await world.pass(5_000);
    if (world.violation !== null) return;
    for (const client of this.clients) client.checkAtRest();
    this.#checkPresence();
    this.#checkCounts();
    if (world.violation !== null) return;
    for (const client of this.clients) world.as(client.party, () => client.close());
    await world.pass(EMPTYING_MS);
    if (world.violation !== null) return;
    this.server.checkEmpty();
    this.server.isEnding = true;
    const isClosed = await world.passUntil(this.server.app.close(), 60_000);
    if (!isClosed && world.violation === null) {
      world.fail("the server ends", "it has not ended within a minute");
    }
  }

  /** Everybody says again what it has said last. */
  #repeat(): void {
    for (const client of this.clients) {
      for (const topic of this.topics) this.world.as(client.party, () => client.repeat(topic));
    }
  }

  // ── The server ───────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    this.truth.begun();
    this.passes.begun();
    this.store.reopened();
    this.#refs.clear();
    this.server = new Server(this.world, this.network, this.truth, ++this.#life, this.#schedule);
    this.world.atRest = () => this.server.checkAtRest();
    this.isRestarting = false;
    this.network.serve(this.server);
    this.world.note("world", `life ${this.#life} begins`);
  }

  kill(): void {
    if (this.isRestarting) return;
    this.isRestarting = true;
    this.server.isEnding = true;
    this.server.kill();
    this.world.after(this.world.nobody, 700, () => this.#begin());
  }

  restart(drainMs: number | null): void {
    if (this.isRestarting) return;
    this.isRestarting = true;
    const server = this.server;
    server.isEnding = true;
    const { app, party } = server;
    this.world.note("world", `restart ${drainMs}`);
    const sinceMs = this.world.clock.elapsedMs();
    const ended = this.world.as(party, async () => {
      if (drainMs !== null) {
        this.network.drains(drainMs, app.connections.size);
        await app.drain({ overMs: drainMs });
        const tookMs = this.world.clock.elapsedMs() - sinceMs;
        if (tookMs > drainMs + 100) {
          this.world.fail("a drain ends in time", `it took ${tookMs}, not ${drainMs}`);
        }
        const { connections, opening } = app.gauges;
        if (connections + opening > 0) {
          this.world.fail("a drain empties the server", `${connections}, ${opening} are left`);
        }
        // Who was about to come in stays out.
        await new Promise<void>((resolve) => this.world.after(party, 300, resolve));
        if (app.connections.size > 0) {
          this.world.fail("a drain empties the server", `${app.connections.size} have come in`);
        }
      }
      this.network.serve(null);
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
      network: this.network,
      truth: this.truth,
      passes: this.passes,
      mayBeCut: this.#schedule.maxReplay < 1_000,
      topics: this.#schedule.topics,
      graceMs: this.#schedule.graceMs,
      dedupeWindow: this.#schedule.dedupeWindow,
      life: () => this.#life,
    };
    this.#schedule.clients.forEach((kind, i) => {
      const party = new Party(`c${i}`, randomFor(world.seed, `client ${i}`));
      party.skewMs = party.random.integer(7_200_000) - 3_600_000;
      const client = kind === "stream"
        ? new StreamClient(ports, party)
        : kind === "raw 2.1.0" || kind === "raw 2.0.0"
        ? new RawClient(ports, party, kind.slice(4), this.#refs)
        : kind === "den"
        ? new DenClient(ports, party)
        : new RealClient(ports, party);
      // Each POST of a stream's client goes its own way.
      if (kind !== "stream") this.truth.ordered.add(client.name);
      if (kind === "polling") client.host.webSockets = false;
      this.clients.push(client);
      world.note(client.name, `is ${kind}`);
      world.after(party, i, () => {
        client.start();
        for (const topic of this.#schedule.topics) if (party.random.float() < 0.8) client.join(topic);
      });
    });
  }

  /** A topic has as many members as clients are in it. */
  #checkCounts(): void {
    for (const [topic, count] of this.truth.counts) {
      const real = this.clients.filter(({ followers }) => followers.get(topic)?.isJoined).length;
      if (count !== real) {
        this.world.fail("a topic knows its members", `${topic} has ${count}, there are ${real}`);
      }
    }
  }

  #checkPresence(): void {
    for (const topic of this.#schedule.topics) {
      if (!hasPresence(topic)) continue;
      const expected: Record<string, number[]> = {};
      for (const { name, followers } of this.clients) {
        const v = this.truth.present.get(`${topic} ${name}`) ?? null;
        if (followers.get(topic)?.isJoined && v !== null) expected[name] = [v];
      }
      for (const client of this.clients) {
        if (sortOf(topic) !== "hall") {
          this.#checkCounted(client, topic, expected);
          continue;
        }
        const present = client.followers.get(topic)?.isJoined ? client.present(topic) : null;
        if (present === null) continue;
        const [seen, real] = [present, expected].map((each) => JSON.stringify(Object.entries(each).sort()));
        if (seen !== real) {
          this.world.fail("presence converges", `${client.name} in ${topic} sees ${seen}, it is ${real}`);
        }
      }
    }
  }

  /** Where not everybody is told of each. */
  #checkCounted(client: SimClient, topic: string, expected: Readonly<Record<string, number[]>>): void {
    const counted = client.counted(topic);
    if (counted === null || !client.followers.get(topic)?.isJoined) return;
    const { shown, pages } = counted;
    const fail = (details: string): void => {
      const real = JSON.stringify(expected);
      this.world.fail("presence converges", `${client.name} in ${topic} sees ${details}, it is ${real}`);
    };
    const total = Object.keys(expected).length;
    if (shown === null || shown.count !== total) return fail(`${shown?.count} keys`);
    const some = Object.entries(shown.some ?? {});
    const isRight = some.every(([key, metas]) => JSON.stringify(metas) === JSON.stringify(expected[key]));
    if (shown.some !== null && (!isRight || some.length !== Math.min(total, SHOWN))) {
      return fail(JSON.stringify(shown.some));
    }
    if (sortOf(topic) !== "crowd") return;
    const [seen, real] = [pages ?? {}, expected].map((each) => JSON.stringify(Object.entries(each).sort()));
    if (seen !== real) fail(`the pages ${seen}`);
  }
}
