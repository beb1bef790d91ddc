import { Crowd, Hall, Tally } from "./contracts.ts";
import type { Handled } from "./memberships.ts";
import { crash, say, type Stage } from "./stage.ts";

/** How many of those who are present a `counted` topic names, and a page of a `paged` one. */
export const SHOWN = 2;

/** What handlers have of a member's presence. */
interface Present extends Handled {
  readonly presence: {
    readonly keys: readonly string[];
    track(key: string, meta: { v: number }): void;
    update(key: string, meta: { v: number }): void;
    untrack(): void;
  };
}

/** The client that gets nothing of what `user` says. */
function neighbourOf(user: string): string {
  return `c${(Number(user.slice(1)) + 1) % 3}`;
}

/** Handles topics whose members are told who is there: everybody, some, or a page of them. */
export function presenceTopics(stage: Stage): void {
  const { app, world, truth, memberships } = stage;
  const here = ({ topic, user }: Present, v: number | null): void =>
    void truth.present.set(`${topic} ${user.id}`, v);
  const join = (ctx: Present): void => {
    memberships.entered(ctx);
    ctx.presence.track(ctx.user.id, { v: 0 });
    here(ctx, 0);
  };
  const on = {
    set(ctx: Present, { id, v }: { id: string; v: number }) {
      if (ctx.presence.keys.length === 0) return { id };
      ctx.presence.update(ctx.user.id, { v });
      here(ctx, v);
      return { id };
    },
    hide(ctx: Present, { id }: { id: string }) {
      ctx.presence.untrack();
      if (ctx.presence.keys.length > 0) {
        world.fail("who is hidden has no key", `${ctx.user.id} in ${ctx.topic}`);
      }
      here(ctx, null);
      return { id };
    },
    show(ctx: Present, { id, v }: { id: string; v: number }) {
      ctx.presence.track(ctx.user.id, { v });
      here(ctx, v);
      return { id };
    },
  };
  const { suspended, resumed, expired, leave } = memberships;
  const life = { suspended, resumed, expired, leave };
  app.topic<typeof Hall>(Hall, {
    join,
    ...life,
    on: memberships.acting({
      ...on,
      say: (ctx, { id }) => (say(stage, ctx, id, false, neighbourOf(ctx.user.id)), { id }),
      boom: (ctx) => crash(stage, ctx.topic, ctx.user.id),
    }),
    recheck: memberships.recheck,
    outgoing: {
      said: (ctx, said) => said.x === ctx.user.id ? undefined : { ...said, to: ctx.user.id },
    },
  });
  app.topic<typeof Tally>(Tally, {
    join,
    ...life,
    presence: { mode: "counted", sampleSize: SHOWN, everyMs: 300 },
    on: memberships.acting(on),
  });
  app.topic<typeof Crowd>(Crowd, {
    join,
    ...life,
    presence: { mode: "paged", pageSize: SHOWN },
    on: memberships.acting(on),
  });
}
