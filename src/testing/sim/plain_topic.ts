import { Plain } from "./contracts.ts";
import type { Letter } from "./letters.ts";
import type { Ref } from "../../actors/ref.ts";
import { crash, crashTopic, say, type Stage } from "./stage.ts";

/** What one who is back is sent first. */
export const WELCOME = "welcome-back";

/** Handles topics that keep nothing. `selves`: gets the addresses of the channels. */
export function plainTopic(stage: Stage, selves: Ref<unknown>[]): void {
  const { app, world, truth, letters, memberships, wait } = stage;
  const ended = new WeakSet<object>();
  app.topic<typeof Plain>(Plain, {
    join: (ctx, { as }) => {
      if (as === "crash") crash(stage, ctx.topic, ctx.user.id);
      memberships.entered(ctx);
      selves.push(ctx.self);
    },
    on: memberships.acting({
      say: (ctx, { id }) => (say(stage, ctx, id), { id }),
      whisper: (ctx, { id }) => (say(stage, ctx, id, true), { id }),
      later: async (ctx, { id, ms }) => {
        const { signal } = ctx;
        await wait(ms);
        if (signal.aborted !== ended.has(ctx)) {
          world.fail("a handler is told of the end of its channel", `${id} in ${ctx.topic}`);
        }
        letters.expectDeadLetter(ended.has(ctx), `${id} in ${ctx.topic}`, () => say(stage, ctx, id));
        return { id };
      },
      defer: (ctx, { id, ms }) => {
        const reply = ctx.defer();
        void wait(ms).then(() => {
          const isUnheard = ended.has(ctx) || memberships.isAway(ctx);
          letters.expectDeadLetter(isUnheard, `${id} in ${ctx.topic}`, () => reply.ok({ id }));
          letters.expectDeadLetter(true, `${id} once more`, () => reply.ok({ id }));
          app.system.scheduler.drain();
        });
        return { id };
      },
      ask: async (ctx, { id }) => {
        const asked = ctx.request("poll", { id }, { timeoutMs: 2_000 });
        const { answer } = await asked.catch(({ code }) => {
          const isKnown = code === (ended.has(ctx) ? "request_ended" : "request_timeout") ||
            code === "client_away";
          if (!isKnown) world.fail("a question ends with its channel", `${id} in ${ctx.topic}: ${code}`);
          return { answer: "" };
        });
        if (answer !== id && answer !== "") {
          world.fail("an answer is to its question", `${answer} to ${id}`);
        }
        return { id, answer };
      },
      boom: (ctx) => crash(stage, ctx.topic, ctx.user.id),
      crash: (ctx, { id }) => {
        ctx.tellTopic("crash");
        return { id };
      },
      stop: (ctx, { id }) => {
        truth.crashed.add(`${ctx.topic} ${ctx.user.id}`);
        for (let i = 0; i < 2; i++) letters.send(ctx.self as Ref<Letter>, `to itself, before its end`);
        ctx.stop();
        return { id };
      },
    }),
    suspended: memberships.suspended,
    resumed: (ctx) => {
      memberships.resumed(ctx);
      ctx.push("pushed", { id: WELCOME, by: "server", to: ctx.user.id });
    },
    expired: memberships.expired,
    recheck: memberships.recheck,
    leave: (ctx, reason) => {
      memberships.leave(ctx, reason);
      ended.add(ctx);
      letters.send(ctx.self as Ref<Letter>, "to one that leaves");
    },
    info: (_ctx, message) => letters.read(message as Letter),
    life: {
      tickMs: 4_000,
      tick: ({ topic, memberCount }) => void truth.counts.set(topic, memberCount),
      stop: ({ topic }) => void truth.counts.delete(topic),
      message: ({ topic }) => crashTopic(stage, topic),
    },
  });
}
