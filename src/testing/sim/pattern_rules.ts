import type { Ref } from "../../actors/ref.ts";
import type { Ranked } from "./permits.ts";
import type { Stage } from "./stage.ts";

/** Lets clients join patterns, and decides topic by topic what they get. */
export class PatternRules {
  readonly #stage: Stage;
  /** The channels of patterns, by user. */
  readonly #members = new Map<string, Set<Ref<unknown>>>();

  constructor(stage: Stage) {
    this.#stage = stage;
    const { app, truth, memberships } = stage;
    const { suspended, resumed, expired } = memberships;
    for (const sort of ["plain", "kept"] as const) {
      app.patterns(`${sort}:*`, {
        join: (ctx) => {
          memberships.entered(ctx);
          this.#of(ctx.user.id).add(ctx.self);
        },
        match: (ctx, topic) => truth.permits.has(ctx.user.id, topic, ctx.user as unknown as Ranked),
        info: (ctx) => ctx.rematch(),
        suspended,
        resumed,
        expired,
        leave: (ctx, reason) => {
          memberships.leave(ctx, reason);
          this.#of(ctx.user.id).delete(ctx.self);
        },
      });
    }
  }

  /** Another time a user gets what it did not, or the other way round. */
  toggle(user: string, topic: string): void {
    const { app, truth } = this.#stage;
    truth.permits.toggle(user, topic);
    for (const self of this.#of(user)) self.tell("rematch");
    app.system.scheduler.drain();
  }

  #of(user: string): Set<Ref<unknown>> {
    const known = this.#members.get(user) ?? new Set();
    this.#members.set(user, known);
    return known;
  }
}
