/**
 * `Presence` of the published phoenix client, 1.8.16, against a real server.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Channel, Presence, type Socket } from "phoenix";
import { answer, join, PATIENCE_MS, PhoenixStage, rejoined } from "../app/phoenix_client.ts";
import { referenceApp } from "./reference_app.ts";

const TOPIC = "presence:lobby";

/** A client's view of who is present, and what it was told. */
class View {
  readonly channel: Channel;
  readonly presence: Presence<{ meta: string }>;
  readonly told: string[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(socket: Socket, user: string, meta = "m") {
    this.channel = socket.channel(TOPIC, { user, meta });
    this.presence = new Presence(this.channel);
    this.presence.onJoin((key, current, { metas }) => {
      this.told.push(`${current === undefined ? "+" : "*"}${key} ${metas.map(({ meta }) => meta)}`);
    });
    this.presence.onLeave((key, { metas }, left) => {
      this.told.push(`${metas.length === 0 ? "-" : "~"}${key} ${left.metas.map(({ meta }) => meta)}`);
    });
    this.presence.onSync(() => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  /** The metas by key, in short. */
  get seen(): string {
    return this.presence.list((key, { metas }) => `${key}=${metas.map(({ meta }) => meta).join("+")}`).join(
      " ",
    );
  }

  /** Waits until it sees this. */
  async sees(expected: string): Promise<void> {
    await this.until(() => this.seen === expected);
  }

  /** Waits until something holds. */
  async until(holds: () => boolean): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (!holds()) {
      assert(performance.now() < endMs, `saw ${this.seen}`);
      await deadline(this.#changed.promise, PATIENCE_MS);
    }
  }
}

Deno.test("phoenix 1.8.16: Presence of two clients follows joins, an update, a second tab and leaves", async () => {
  await using stage = new PhoenixStage(referenceApp());
  const [adas, bobs, tabs] = [await stage.connected(), await stage.connected(), await stage.connected()];
  const ada = new View(adas, "ada", "a");
  await join(ada.channel);
  await ada.sees("ada=a");
  const bob = new View(bobs, "bob", "b");
  await join(bob.channel);
  for (const view of [ada, bob]) await view.sees("ada=a bob=b");
  const tab = new View(tabs, "bob", "t");
  await join(tab.channel);
  for (const view of [ada, bob, tab]) await view.sees("ada=a bob=b+t");

  assertEquals(await answer(bob.channel.push("update", { meta: "b2" })), ["ok", {}]);
  for (const view of [ada, bob, tab]) await view.sees("ada=a bob=t+b2");
  const [, updated] = ada.presence.state.bob.metas;
  assertNotEquals(updated.phx_ref_prev, undefined);

  tab.channel.leave();
  for (const view of [ada, bob]) await view.sees("ada=a bob=b2");
  bob.channel.leave();
  await ada.sees("ada=a");
  // The diff of its own join came ahead of the state, as from Phoenix: the client keeps it, and puts it on top.
  assertEquals(ada.told, ["+ada a", "*ada a", "+bob b", "*bob t", "*bob b2", "~bob b", "~bob t", "-bob b2"]);
});

Deno.test("phoenix 1.8.16: Presence follows a crash and the rejoin after it, and a connection that drops", async () => {
  await using stage = new PhoenixStage(referenceApp());
  const [adas, bobs] = [await stage.connected(), await stage.connected()];
  const [ada, bob] = [new View(adas, "ada", "a"), new View(bobs, "bob", "b")];
  await join(ada.channel);
  await join(bob.channel);
  for (const view of [ada, bob]) await view.sees("ada=a bob=b");
  const [{ phx_ref: before }] = ada.presence.state.bob.metas;
  const crashed = new Promise((resolve) => bob.channel.onError(resolve));
  const back = rejoined(bob.channel);
  bob.channel.push("nonsense", {}); // no handler: an error, and no crash
  bob.channel.push("boom", {});
  assertEquals(await deadline(crashed, PATIENCE_MS), { reason: "channel_crash" });
  await back;
  await bob.sees("ada=a bob=b");
  await ada.until(() => ![undefined, before].includes(ada.presence.state.bob?.metas[0].phx_ref));
  assertEquals(ada.seen, "ada=a bob=b");

  bobs.disconnect();
  await ada.sees("ada=a");
});

Deno.test("phoenix 1.8.16: Presence takes keys that are called as parts of objects are", async () => {
  await using stage = new PhoenixStage(referenceApp());
  const [adas, bobs] = [await stage.connected(), await stage.connected()];
  const ada = new View(adas, "__proto__", "a");
  await join(ada.channel);
  await ada.sees("__proto__=a");
  const bob = new View(bobs, "constructor", "b");
  await join(bob.channel);
  for (const view of [ada, bob]) await view.sees("__proto__=a constructor=b");
  ada.channel.leave();
  await bob.sees("constructor=b");
  assertEquals(stage.app.topics.presence(TOPIC).map(({ key }) => key), ["constructor"]);
});
