/**
 * Presence as those see it who build on it: in our client, over a real connection, and in the test kit.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";
import { ClientStage, soon } from "../client/stage.ts";

const Hall = defineTopic("hall:{id}", {
  client: { away: { payload: z.object({ away: z.boolean() }) } },
  presence: z.object({ name: z.string(), away: z.boolean().default(false) }),
});

/** An app that tells who is present, and of whose users it has been told that they came and went. */
function hall(): { app: App<{ id: string }>; told: string[] } {
  const told: string[] = [];
  const app = new App({ authenticate: ({ params }) => ({ id: params.user }), limits: { graceMs: 5_000 } });
  app.topic(Hall, {
    presence: {
      onFirstJoin: ({ topic }, { key, metas }) => void told.push(`${topic} +${key} ${metas[0].name}`),
      onLastLeave: ({ topic }, { key }) => void told.push(`${topic} -${key}`),
    },
    join: (ctx) => ctx.presence.track(ctx.user.id, { name: ctx.user.id.toUpperCase() }),
    on: {
      away(ctx, { away }) {
        ctx.presence.update(ctx.user.id, { name: ctx.user.id.toUpperCase(), away });
      },
    },
  });
  return { app, told };
}

Deno.test("our client sees who is there, who comes, who changes, and who goes", async () => {
  await using stage = new ClientStage(hall().app as unknown as App);
  const ada = stage.connect({ params: { user: "ada" } }).join(Hall, { id: "1" });
  await soon(ada.joined);
  const seen = (): string[] =>
    [...ada.presence].map(({ key, metas }) => `${key} ${metas.map(({ name, away }) => `${name}:${away}`)}`);
  const until = async (...expected: string[]): Promise<void> => {
    while (JSON.stringify(seen()) !== JSON.stringify(expected)) {
      await soon(
        new Promise<void>((resolve) => {
          const off = ada.presence.on("change", () => {
            off();
            resolve();
          });
        }),
      );
    }
  };
  await until("ada ADA:false");
  const bob = stage.connect({ params: { user: "bob" } }).join(Hall, { id: "1" });
  await until("ada ADA:false", "bob BOB:false");
  await soon(bob.send("away", { away: true }));
  await until("ada ADA:false", "bob BOB:true");
  await soon(bob.leave());
  await until("ada ADA:false");
});

Deno.test("the test kit sees it, too: a drop within the grace time changes nothing, and an hour ends it", async () => {
  const { app, told } = hall();
  await using kit = testKit(app, { seed: 7 });
  const ada = await kit.connect({ params: { user: "ada" } });
  const room = await ada.join(Hall, { id: "1" });
  const tabs = [
    await kit.connect({ params: { user: "bob" } }),
    await kit.connect({ params: { user: "bob" } }),
  ];
  for (const tab of tabs) await tab.join(Hall, { id: "1" });
  const seen = (): string[] => [...room.presence].map(([key, metas]) => `${key}×${metas.length}`);
  assertEquals(seen(), ["ada×1", "bob×2"]);
  await tabs[0].drop();
  await kit.advance(1_000);
  assertEquals(seen(), ["ada×1", "bob×2"]);
  await tabs[0].reconnect();
  assertEquals(seen(), ["ada×1", "bob×2"]);
  for (const tab of tabs) await tab.drop();
  await kit.advance(3_600_000);
  assertEquals(seen(), ["ada×1"]);
  assertEquals(told, ["hall:1 +ada ADA", "hall:1 +bob BOB", "hall:1 -bob"]);
});
