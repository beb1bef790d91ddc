// A game loop: a topic that lives by itself, ticks 20 times a second, and tells its members what has become of them.
// #region app
import { App, defineTopic } from "@troupe/core";
import { z } from "zod";

const Arena = defineTopic("arena:{id}", {
  client: { steer: { payload: z.object({ dx: z.number().min(-1).max(1) }) } },
  server: { frame: z.object({ tick: z.number(), at: z.record(z.string(), z.number()) }) },
});

const app = new App().topic(Arena, {
  life: {
    start: () => ({ tick: 0, ships: new Map<string, { x: number; dx: number }>() }),
    tickMs: 50,
    tick(topic) {
      const { ships } = topic.state;
      topic.state.tick++;
      for (const ship of ships.values()) ship.x += ship.dx;
      const at = Object.fromEntries([...ships].map(([id, { x }]) => [id, x]));
      topic.broadcast("frame", { tick: topic.state.tick, at }, { ephemeral: true });
    },
    message({ state: { ships } }, message) {
      const { id, dx } = message as { id: string; dx: number | null };
      if (dx === null) ships.delete(id);
      else ships.set(id, { x: ships.get(id)?.x ?? 0, dx });
    },
  },
  join: (ctx) => ctx.tellTopic({ id: ctx.user.id, dx: 0 }),
  on: { steer: (ctx, { dx }) => ctx.tellTopic({ id: ctx.user.id, dx }) },
  leave: (ctx) => ctx.tellTopic({ id: ctx.user.id, dx: null }),
});

export default app;
// #endregion
