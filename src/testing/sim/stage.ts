import type { App } from "../../app/app.ts";
import type { User } from "../../sessions/user.ts";
import type { Letters } from "./letters.ts";
import type { Memberships } from "./memberships.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** What the handlers of one life's application share. */
export interface Stage {
  readonly app: App<User>;
  readonly world: World;
  readonly truth: Truth;
  readonly letters: Letters;
  readonly memberships: Memberships;
  /** Which life it is. */
  readonly life: number;
  /** How many publications histories keep. */
  readonly historySize: number;
  wait(ms: number): Promise<void>;
}

/** A channel that says something. */
export interface Speaking {
  readonly topic: string;
  readonly user: User;
  broadcast(event: "said", payload: { id: string; by: string; x?: string }, options?: object): void;
}

/**
 * Publishes; `leavesOut`: to all others; `x`: whom the topic's filter leaves out. Where it is not kept, writes down that it
 * was, unless the channel has ended.
 */
export function say(stage: Stage, ctx: Speaking, id: string, leavesOut = false, x?: string): void {
  const { counters } = stage.app.system;
  const before = counters.get("dead_letters.revoked");
  const out = leavesOut ? ctx.user.id : x;
  const payload = { id, by: ctx.user.id, ...(out !== undefined && { x: out }) };
  ctx.broadcast("said", payload, leavesOut ? { except: ctx } : {});
  if (counters.get("dead_letters.revoked") === before) stage.truth.called(ctx.topic, payload);
}

/** Fails on purpose, which is the end of a user's channel in a topic. */
export function crash({ truth }: Stage, topic: string, user: string): never {
  truth.crashed.add(`${topic} ${user}`);
  truth.failed.add(`${topic} ${user}`);
  throw new Error("simulated");
}

/** Fails on purpose, which is the end of a topic. */
export function crashTopic({ truth, world }: Stage, topic: string): never {
  truth.crashed.add(topic);
  truth.failed.add(topic);
  truth.crashedMs.set(topic, world.clock.elapsedMs());
  throw new Error("simulated");
}
