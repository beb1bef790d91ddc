/** An app whose clients join patterns of rooms, for the tests of that. */

import { assertEquals } from "@std/assert";
import type { User } from "../../mod.ts";
import { AppKit, type AppKitOptions } from "../../src/testing/app_kit.ts";
import { Client } from "../sessions/client.ts";

export type Kit = AppKit<Account>;

/** Who is on the other side, and which rooms it gets. */
export interface Account extends User {
  readonly rooms: Set<string>;
}

/** Who may get what, by the name that a client connects with. */
export const accounts = new Map<string, Account>();

/** An app with rooms, whose clients join patterns of them: a user gets the rooms in its own list, or all, by `*`. */
export function stage(options: AppKitOptions<Account> = {}): Kit {
  accounts.clear();
  const kit = new AppKit<Account>({
    authenticate: ({ params }) => accounts.get(params.name) ?? null,
    ...options,
  });
  kit.app.topic("room:{id}", { on: { say: (ctx, payload) => ctx.broadcast("said", payload) } })
    .topic("room:{id}:typing", {})
    .topic("other:{id}", {})
    .patterns("room:*", {
      match: ({ user }, topic) => user.rooms.has("*") || user.rooms.has(topic),
    });
  return kit;
}

export async function connect(
  kit: Kit,
  name = "ada",
  rooms: string[] = ["*"],
  vsn = "2.0.0",
): Promise<Client> {
  if (!accounts.has(name)) accounts.set(name, { id: name, rooms: new Set(rooms) });
  return new Client(await kit.connect(`/socket/websocket?vsn=${vsn}&name=${name}`));
}

/** A client that has joined `topic`, and whose answers were taken. */
export async function joined(kit: Kit, topic: string, ...who: [string?, string[]?]): Promise<Client> {
  const client = await connect(kit, ...who);
  client.join(topic);
  await kit.settle();
  assertEquals(client.takeBrief()[0], "ok:1");
  return client;
}

/** The payload of `troupe:matched`. */
export interface Matched {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly offset?: number;
}

/** What has come of patterns: on which topic, and what. */
export async function matched(kit: Kit, client: Client): Promise<[string, Matched][]> {
  await kit.settle();
  return client.take().filter(([, , , event]) => event === "troupe:matched")
    .map(([joinRef, ref, topic, , payload]) => {
      assertEquals([joinRef, ref], [null, null]);
      return [topic, payload as Matched];
    });
}

/** A payload of `troupe:matched`. */
export const said = (topic: string, payload: unknown = {}) => ({ topic, event: "said", payload });
