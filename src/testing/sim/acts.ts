import { isKept, type Sort, sortOf } from "./contracts.ts";
import type { Network } from "./network.ts";
import type { Passes } from "./passes.ts";
import type { Step } from "./schedule.ts";
import type { Server } from "./server.ts";
import type { SimClient } from "./sim_client.ts";
import type { Store } from "./store.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What clients say in each sort of topic. */
const EVENTS: Readonly<Record<Sort, readonly string[]>> = {
  plain: ["say", "say", "say", "whisper", "later", "defer", "ask"],
  kept: ["say", "say", "draw", "say", "whisper", "later", "twice"],
  feed: ["say"],
  board: ["put", "put", "pair", "both", "veto", "tell"],
  hall: ["set", "set", "hide", "show", "say"],
  tally: ["set", "hide", "show"],
  crowd: ["set", "hide", "show"],
  pulse: ["say"],
  den: ["say"],
  pattern: [],
};

/** Where steps are done. */
export interface Scene {
  readonly world: World;
  readonly store: Store;
  readonly truth: Truth;
  readonly network: Network;
  readonly passes: Passes;
  readonly clients: readonly SimClient[];
  readonly topics: readonly string[];
  /** The life of the server that is on. */
  readonly server: Server;
  /** Whether it ends just now. */
  readonly isRestarting: boolean;
  /** Ends it at once. */
  kill(): void;
  /** Ends it gently; `drainMs`: over so long a time. */
  restart(drainMs: number | null): void;
}

/** Does what a schedule says: what clients do, and what goes wrong. */
export class Acts {
  readonly #scene: Scene;
  readonly #world: World;
  #lastId = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#world = scene.world;
  }

  /** Does one step. */
  perform({ act, client: number, topic, n }: Step): void {
    const client = this.#scene.clients[number];
    if (client === undefined) return;
    this.#world.note("step", `${act} ${client.name} ${topic}`);
    const { host } = client;
    const later = (ms: number, task: () => void): void =>
      void this.#world.after(this.#world.nobody, ms, task);
    const fault = (): void => void host.faults++;
    const { truth, server, store: { faults } } = this.#scene;
    const as = (task: () => void): void => this.#world.as(client.party, task);
    switch (act) {
      case "say":
        return as(() => this.#say(client, topic, n));
      case "special":
        return as(() => {
          const events = EVENTS[sortOf(topic)].filter((event) => event !== "say");
          if (events.length > 0) this.send(client, topic, events[n % events.length], n);
        });
      case "burst":
        return as(() => {
          for (let i = 0; i < 3 + n % 20; i++) this.#say(client, topic, 0);
        });
      case "join":
        return as(() => client.join(topic));
      case "leave":
        return as(() => client.leave(topic));
      case "outside":
        if (sortOf(topic) === "plain" && !server.isEnding) {
          this.#world.as(server.party, () => server.push(topic, client.name, `push-${n}`));
        }
        return this.sayOutside(topic);
      case "boom":
        return as(() =>
          void (["plain", "kept", "hall"].includes(sortOf(topic)) && this.send(client, topic, "boom"))
        );
      case "crashTopic":
        if (!["plain", "kept", "pulse"].includes(sortOf(topic))) return;
        as(() => this.send(client, topic, "crash"));
        if (n % 2 > 0) return;
        return later(10 + n % 90, () =>
          // it wants to be in again at once
          as(() => {
            client.leave(topic);
            client.join(topic);
          }));
      case "stop":
        return as(() => void (sortOf(topic) === "plain" && this.send(client, topic, "stop")));
      case "crashJoin":
        if (sortOf(topic) !== "plain") return;
        return as(() => {
          if (n % 2 === 0) client.leave(topic);
          client.join(topic, { as: "crash" });
        });
      case "cut":
        fault();
        if (n % 3 === 0) { // while everybody says something
          for (const each of this.#scene.clients) {
            this.#world.as(each.party, () => this.#say(each, topic, n + each.name.length));
          }
        }
        for (const wire of [...host.open]) wire.cut();
        if (sortOf(topic) === "hall") later(60, () => this.#sayTwo(topic, n));
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
        this.#scene.passes.hasJumped = true;
        this.#scene.server.party.skewMs += (n - 500) * 1_000;
        client.party.skewMs += (500 - n) * 1_000;
        return;
      case "diskErrors":
        faults.errors = (1 + n % 10) / 10;
        return later(n * 5, () => faults.errors = 0);
      case "diskSlow":
        faults.slow = (1 + n % 10) / 10;
        faults.slowMs = n;
        return later(n * 10, () => faults.slow = 0);
      case "diskPoison":
        if (!isKept(topic)) return;
        faults.poison = topic;
        for (const each of new Set(this.#scene.topics)) {
          if (isKept(each)) as(() => this.send(client, each, sortOf(each) === "board" ? "tell" : "say"));
        }
        return later(100 + n, () => faults.poison = null);
      case "flap":
        for (let i = 0; i < 4; i++) {
          later(i * (20 + n % 100), () => {
            fault();
            for (const wire of [...host.open]) wire.cut();
          });
        }
        return;
      case "comeBack":
        // Its past takes long to read, and much is published meanwhile.
        for (const each of sortOf(topic) === "board" ? this.#scene.clients : [client]) {
          each.host.faults++;
          for (const wire of [...each.host.open]) wire.cut();
        }
        this.sayOutside(topic);
        faults.readsMs = 300 + n * 2;
        for (let i = 1; i < 12; i++) later(i * (40 + n % 150), () => this.sayOutside(topic));
        return later(3_000, () => faults.readsMs = 0);
      case "crashStoring":
        if (sortOf(topic) !== "kept") return;
        faults.appendsMs = 3_000;
        this.sayOutside(topic);
        later(5, () => as(() => this.send(client, topic, "crash")));
        return later(20, () => faults.appendsMs = 0);
      case "kick":
      case "closeTopic": {
        if (sortOf(topic) === "pattern" || server.isEnding) return;
        truth.crashed.add(act === "kick" ? `${topic} ${client.name}` : topic);
        if (act === "kick" && n % 4 === 1 && ["plain", "hall"].includes(sortOf(topic))) {
          return this.#expel(client, topic);
        }
        const { topics, system } = server.app;
        return this.#world.as(server.party, () => {
          const members = (): string[] =>
            topics.members(topic).filter(({ userId }) => act === "closeTopic" || userId === client.name)
              .map(({ userId, joinedAtMs }) => `${userId} since ${joinedAtMs}`);
          const before = members();
          if (act === "kick") topics.kick({ user: client.name }, topic, "simulated");
          else topics.close(topic, "simulated");
          system.scheduler.drain();
          if (isKept(topic)) return; // what they have said may have to be stored first
          this.#world.after(server.party, 20, () => {
            for (const member of members()) {
              if (before.includes(member)) {
                this.#world.fail("who is kicked is out", `${member} is in ${topic}`);
              }
            }
          });
        });
      }
      case "failStoring":
        if (!isKept(topic)) return;
        if (n % 5 === 3 && sortOf(topic) === "kept") { // it fails while the handler that has published it goes on
          as(() => this.send(client, topic, "later", 154));
          later(290, () => Object.assign(faults, { appendsMs: 50, errors: 1 }));
          return later(340, () => Object.assign(faults, { appendsMs: 0, errors: 0 }));
        }
        // What is being stored fails, and meanwhile more comes.
        Object.assign(faults, { appendsMs: 400, errors: 1 });
        this.sayOutside(topic);
        as(() => this.#say(client, topic, 0));
        later(10, () => Object.assign(faults, { appendsMs: 0, errors: 0 }));
        for (const ms of [60, 90]) later(ms, () => as(() => this.#say(client, topic, 0)));
        later(30, () => as(() => client.repeat(topic)));
        if (n % 5 === 4) later(35, () => as(() => client.rejoin(topic)));
        if (n % 3 > 0) return;
        // And goes, before it hears of that.
        fault();
        later(120 + n % 300, () => {
          for (const wire of [...host.open]) wire.cut();
        });
        return;
      case "rejoin":
        as(() =>
          client.inOne(() => {
            this.#say(client, topic, 0);
            if (n % 4 < 3) client.rejoin(topic);
          })
        );
        if (n % 2 === 0) return;
        // And goes, before what it has said is stored.
        faults.appendsMs = 1_500;
        fault();
        later(10 + n % 30, () => {
          faults.appendsMs = 0;
          for (const wire of [...host.open]) wire.cut();
        });
        return;
      case "dropTwice":
        // While a handler is busy.
        fault();
        if (!["plain", "kept"].includes(sortOf(topic))) return;
        as(() =>
          this.send(client, topic, n % 2 === 0 && sortOf(topic) === "plain" ? "defer" : "later", 1_001)
        );
        for (const ms of [10, 150 + n % 200]) {
          later(ms, () => {
            for (const wire of [...host.open]) wire.cut();
          });
        }
        return;
      case "revoke": {
        const pass = client.lastPass;
        if (pass === null) return;
        fault();
        const name = n % 2 === 0 ? client.name : pass;
        if (n % 3 > 0) return this.#revoke(client, name);
        // While it is away.
        for (const wire of [...host.open]) wire.cut();
        return later(30, () => this.#revoke(client, name));
      }
      case "crashBefore":
        faults.crash = "before";
        return;
      case "crashAfter":
        faults.crash = "after";
        return;
      case "kill":
        if (this.#scene.isRestarting) return;
        if (n % 3 > 0) return this.#behindMany(client, () => this.#scene.kill());
        this.#scene.kill();
        return this.#scene.store.forget();
      case "restart":
        return this.#behindMany(client, () => this.#scene.restart(null));
      case "drain":
        if (n % 3 > 0) return this.#scene.restart(n * 3);
        // While many come back.
        for (const each of this.#scene.clients) {
          each.host.faults++;
          for (const wire of [...each.host.open]) wire.cut();
        }
        return later(n, () => this.#scene.restart(n * 3));
      case "letter":
        return this.#world.as(this.#scene.server.party, () => this.#scene.server.write());
      case "errand":
        if (this.#scene.server.isEnding) return;
        return this.#world.as(this.#scene.server.party, () => this.#scene.server.office.give(n));
      case "repeat":
        if (n % 2 === 0 && sortOf(topic) === "plain") {
          as(() => this.send(client, topic, n % 4 === 0 ? "defer" : "later", 154));
        }
        as(() => client.repeat(topic));
        if (n % 6 > 0) return;
        // And goes, before that is answered.
        fault();
        return later(10 + n % 100, () => {
          for (const wire of [...host.open]) wire.cut();
        });
      case "pages":
        return as(() => client.askPages(topic));
      case "permit":
        if (this.#scene.server.isEnding) return;
        return this.#world.as(
          this.#scene.server.party,
          () => this.#scene.server.patterns.toggle(client.name, topic),
        );
      case "toggleReader":
        return this.#world.as(this.#scene.server.party, () => this.#scene.server.toggleReader());
      case "tellChannel":
        return this.#world.as(this.#scene.server.party, () => {
          for (let i = 0; i < 4; i++) this.#scene.server.tellChannel(n + i);
        });
    }
  }

  /** `name`: a user, or a pass. */
  #revoke({ host, name: user }: SimClient, name: string): void {
    const { server, passes, network } = this.#scene;
    if (server.isEnding) return;
    passes.revoke(name);
    this.#world.as(server.party, () => server.app.revoke(name === user ? { user } : { tokenId: name }));
    network.checkOut(host, name);
  }

  /** Ends the server, behind much that its boards have stored together; then one says what it finds there. */
  #behindMany(client: SimClient, end: () => void): void {
    const { topics, store: { faults } } = this.#scene;
    const { nobody } = this.#world;
    const board = topics.find((topic) => sortOf(topic) === "board");
    if (board === undefined) return end();
    const put = (event: string): void => this.#world.as(client.party, () => this.send(client, board, event));
    faults.appendsMs = 50;
    for (let i = 0; i < 8; i++) put("tell");
    this.#world.after(nobody, 10, () => faults.appendsMs = 0);
    this.#world.after(nobody, 150, end);
    this.#world.after(nobody, 5_000, () => put("put"));
  }

  /** It may not be a member any more, and all are asked. A moment later it may again. */
  #expel({ name }: SimClient, topic: string): void {
    const { server, truth: { expelled } } = this.#scene;
    expelled.add(`${topic} ${name}`);
    this.#world.as(server.party, () => server.app.recheck(topic));
    this.#world.after(this.#world.nobody, 40, () => expelled.delete(`${topic} ${name}`));
  }

  #say(client: SimClient, topic: string, n: number): void {
    const events = EVENTS[sortOf(topic)];
    if (events.length > 0) this.send(client, topic, events[n % events.length], n);
  }

  /** In one turn, if it can be, everybody says something and shows itself anew. */
  #sayTwo(topic: string, n: number): void {
    for (const client of this.#scene.clients) {
      this.#world.as(client.party, () =>
        client.inOne(() => {
          this.send(client, topic, "say");
          this.send(client, topic, "set", n);
        }));
    }
  }

  /** Has a client say something. */
  send(client: SimClient, topic: string, event: string, n = 0): void {
    const id = `${client.name}-${this.#newId()}`;
    const ms = n % 7 === 0 ? 2 * n : n % 11 === 0 ? n * 3 : n % 20;
    const needsV = event === "set" || event === "show";
    const needsMs = event === "later" || event === "defer";
    client.send(topic, event, { id, ...(needsV && { v: n }), ...(needsMs && { ms }) } as { id: string });
  }

  /** Publishes from outside of any handler. */
  sayOutside(topic: string): void {
    const sort = sortOf(topic);
    if (this.#scene.isRestarting || ["tally", "crowd", "den", "pattern"].includes(sort)) return;
    const said = { id: `out-${this.#newId()}`, by: "server", ...(sort === "board" && { seen: -1 }) };
    const { app, party } = this.#scene.server;
    this.#world.as(party, () => {
      try {
        app.broadcast(topic, sort === "board" ? "put" : "said", said);
        if (!isKept(topic)) this.#scene.truth.called(topic, said);
      } catch (error) {
        this.#world.note(party.name, `broadcast: ${error}`);
      }
      app.system.scheduler.drain();
    });
  }

  #newId(): number {
    return ++this.#lastId;
  }
}
