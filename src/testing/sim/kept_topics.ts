import { refuse } from "../../sessions/refusal.ts";
import { dropOldest } from "../../sessions/slow_policy.ts";
import { Board, Feed, Kept } from "./contracts.ts";
import type { Handled } from "./memberships.ts";
import { crash, crashTopic, type Speaking, type Stage } from "./stage.ts";

/** Handles topics that keep what is said. What is stored is looked at in the store, not here. */
export function keptTopics(stage: Stage): void {
  const { app, memberships, wait } = stage;
  const history = { size: stage.historySize, ttlMs: 30_000 };
  const keep = (ctx: Speaking, id: string, leavesOut = false): void => {
    const payload = { id, by: ctx.user.id, ...(leavesOut && { x: ctx.user.id }) };
    ctx.broadcast("said", payload, leavesOut ? { except: ctx } : {});
  };
  const { suspended, resumed, expired, leave } = memberships;
  const join = (ctx: Handled): void => memberships.entered(ctx);
  const life = { join, suspended, resumed, expired, leave };
  app.topic<typeof Kept>(Kept, {
    history,
    ...life,
    join(ctx, { as }) {
      join(ctx);
      // What it says comes behind the answer to its join, which waits for its past.
      if (as !== "loud") return;
      ctx.broadcast("said", { id: `door-${ctx.uuid()}`, by: "door" });
      ctx.push("typing", { id: "door", by: "door" });
    },
    on: memberships.acting({
      say: (ctx, { id }) => (keep(ctx, id), { id }),
      whisper: (ctx, { id }) => (keep(ctx, id, true), { id }),
      later: async (ctx, { id, ms }) => {
        await wait(ms);
        keep(ctx, id);
        if (ms % 2 === 0) await wait(ms); // it may fail to be stored before it is answered
        return { id };
      },
      twice: (ctx, { id }) => {
        ctx.broadcast("typing", { id: `${id}/t`, by: ctx.user.id }, { ephemeral: true });
        keep(ctx, `${id}/0`);
        keep(ctx, `${id}/1`);
        return { id };
      },
      draw: (ctx, { id }) => {
        ctx.broadcastBytes("drawn", new TextEncoder().encode(JSON.stringify({ id, by: ctx.user.id })));
        return { id };
      },
      boom: (ctx) => crash(stage, ctx.topic, ctx.user.id),
      crash: (ctx, { id }) => {
        ctx.tellTopic("crash");
        return { id };
      },
    }),
    life: { message: ({ topic }) => crashTopic(stage, topic) },
  });
  app.topic<typeof Feed>(Feed, {
    history,
    ...life,
    slow: dropOldest({ max: 4 }),
    on: memberships.acting({ say: (ctx, { id }) => (keep(ctx, id), { id }) }),
  });
  app.topic<typeof Board>(Board, {
    history: { ...history, snapshotEvery: 5 },
    ...life,
    on: memberships.acting({
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
      both: async (ctx, { id }) => {
        const put = (part: number) =>
          ctx.transact(({ n }) => [["put", { id: `${id}/${part}`, by: ctx.user.id, seen: n - part }]]);
        const [, { n }] = await Promise.all([put(0), put(1)]);
        return { id, n };
      },
      veto: (ctx, { id }) =>
        ctx.transact(() => refuse({ reason: `vetoed ${id}` })).then(() => {
          stage.world.fail("a transaction may refuse", `${id} in ${ctx.topic} went on`);
          return { id };
        }),
      tell: (ctx, { id }) => {
        ctx.broadcast("put", { id, by: ctx.user.id, seen: -1 });
        return { id };
      },
    }),
  });
}
