/**
 * Cables are pulled at random while somebody publishes: every client ends with the same complete sequence, each number
 * once and in order; and where the history is too small for that, it is told what it has missed.
 */

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { assert, assertEquals } from "@std/assert";
import { App, type HistoryOptions, type Log, memoryLog, TroupeError } from "../../mod.ts";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { seededRandom } from "../../src/testing/mod.ts";
import { longTest } from "../optional.ts";
import { TempFiles } from "../stores/temp_files.ts";
import { Cables } from "./cables.ts";
import { StockListener, Tally } from "./stock_listener.ts";

interface Run {
  readonly log: Log;
  readonly history: HistoryOptions;
  readonly clients: number;
  readonly forMs: number;
  /** Cables that are pulled a second, about. */
  readonly pullsPerSecond: number;
  /** How long a cable hangs half open at the most, in milliseconds. */
  readonly danglesMs: number;
  readonly seed: number;
  /** Is done now and then: something that harms the history. */
  readonly harm?: () => void;
}

/** How many of each there were. */
interface Outcome extends Tally {
  readonly published: number;
  readonly pulls: number;
}

/** The publisher's beat, in milliseconds. */
const BEAT_MS = 50;
/** Only a broken server, or a broken client, is that slow. */
const PATIENCE_MS = 60_000;
const MANY = 1_000_000;
const TOPIC = "room:1";

async function run(
  { log, history, clients, forMs, pullsPerSecond, danglesMs, seed, harm }: Run,
): Promise<Outcome> {
  const random = seededRandom(seed);
  const app = new App({
    log,
    // All come from one address, and a machine that is busy with other tests is no overload.
    limits: { upgradesPerSecond: MANY, upgradeBurst: MANY, openTimeoutMs: 60_000, maxLagMs: 60_000 },
  }).topic("room:*", { history });
  const server = app.listen({ port: 0, signals: false });
  const tally = new Tally();
  const listeners: StockListener[] = [];
  let published = 0;
  const cables = new Cables(server.port, random);
  try {
    while (listeners.length < clients) { // not all at once: a listen queue is short
      const some = Array.from(
        { length: Math.min(50, clients - listeners.length) },
        (_, i) => new StockListener(cables.port, TOPIC, `client ${listeners.length + i}`, random, tally),
      );
      listeners.push(...some);
      await deadline(Promise.all(some.map(({ joined }) => joined)), PATIENCE_MS);
    }
    cables.tear(3);
    const endMs = performance.now() + forMs;
    for (let beat = 1; performance.now() < endMs; beat++) {
      for (let left = 1 + random.integer(3); left > 0; left--) if (publish(app, published + 1)) published++;
      if (harm !== undefined && beat % 30 === 0) harm();
      const pulls = random.float() * 2 * pullsPerSecond * BEAT_MS / 1_000;
      for (let left = Math.round(pulls); left > 0; left--) cables.pull(danglesMs / BEAT_MS);
      cables.turn();
      await delay(BEAT_MS);
    }
    cables.mend();
    while (!publish(app, published + 1)) await delay(BEAT_MS); // whoever was told of a reset sees where it goes on
    published++;
    await deadline(Promise.all(listeners.map((listener) => listener.upTo(published))), PATIENCE_MS).catch(
      () => {
        throw new Error(
          `Some wait in vain for ${published}: ${listeners.map(({ state }) => state).join("; ")}`,
        );
      },
    );
    const replayed = app.system.counters.get("recoveries.replayed");
    console.log(
      `${clients} clients, ${published} publications, ${cables.total} pulls ${
        JSON.stringify(cables.pulls)
      }, ` +
        `resumes ${
          JSON.stringify(tally.recoveries)
        }, ${replayed} replayed, ${tally.heard} heard, ${tally.told} told as lost`,
    );
    assertEquals(tally.faults, []);
    assertEquals(app.system.counters.get("scheduler.faults"), 0);
    assertEquals(
      tally.heard + tally.told,
      published * clients,
      "what was heard and what was told is everything",
    );
    return Object.assign(tally, { published, pulls: cables.total });
  } finally {
    cables.mend();
    await Promise.all(listeners.map((listener) => listener.close()));
    await cables[Symbol.asyncDispose]();
    await server.close();
  }
}

/** `false`: the topic has crashed, and is not back yet. */
function publish(app: App, n: number): boolean {
  try {
    app.broadcast(TOPIC, "said", { n });
    return true;
  } catch (error) {
    if (error instanceof TroupeError && error.code === "topic_unavailable") return false;
    throw error;
  }
}

const ENOUGH: HistoryOptions = { size: 10_000, ttlMs: 600_000 };

/** Nothing is lost: every resume is `recovered`. */
async function pullCables(log: Log, forMs: number): Promise<void> {
  const outcome = await run({
    log,
    history: ENOUGH,
    clients: 200,
    forMs,
    pullsPerSecond: 40,
    danglesMs: 1_500,
    seed: 1,
  });
  const { published, recoveries, heard, pulls } = outcome;
  assertEquals([recoveries.partial, recoveries.reset], [0, 0]);
  assertEquals(heard, published * 200);
  assert(pulls > 20 && recoveries.recovered > 20, "cables were pulled, and clients came back");
}

async function pullCablesOnDisk(forMs: number): Promise<void> {
  using files = new TempFiles();
  await pullCables(sqliteLog({ path: files.path() }), forMs);
}

Deno.test("Cable pull: 200 stock clients, histories in memory: all get all, once, in order", () =>
  pullCables(memoryLog(), 3_000));

Deno.test("Cable pull: 200 stock clients, histories in SQLite: all get all, once, in order", () =>
  pullCablesOnDisk(3_000));

longTest("Cable pull: the same for 30 s with histories in memory", () => pullCables(memoryLog(), 30_000));

longTest("Cable pull: the same for 60 s with histories in SQLite", () => pullCablesOnDisk(60_000));

Deno.test("Cable pull: where the history is too small, or forgotten, every gap is told", async () => {
  const log = memoryLog();
  const { recoveries, told } = await run({
    log,
    history: { size: 6, ttlMs: 600_000 },
    clients: 50,
    forMs: 4_000,
    pullsPerSecond: 40,
    danglesMs: 1_500,
    seed: 2,
    harm: () => log.close(), // forgets all it has
  });
  assert(
    recoveries.partial > 0 && recoveries.reset > 0 && recoveries.recovered > 0,
    JSON.stringify(recoveries),
  );
  assert(told > 0);
});
