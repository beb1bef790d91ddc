import type { LeaveReason } from "../../sessions/topic_handlers.ts";
import { isFor, type Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** A channel, as its handlers have it. */
export interface Handled {
  readonly topic: string;
  readonly connectionId: string;
  readonly user: { readonly id: string };
}

interface Known {
  state: "in" | "away" | "expired" | "expelled";
  /** How many of its handlers are pending: it ends at once then, without being told that its client is away. */
  busy: number;
  /** How much had been published when its client went away. */
  published: number;
  /** How much was pushed to it since, and reached nobody. */
  pushed: number;
}

/**
 * What handlers are told of each channel, which has an order: it joins, its client goes away and comes back, any number of
 * times, it expires perhaps, it leaves, once; and nothing is said for a client that is away, or of a channel that has left.
 */
export class Memberships {
  readonly #world: World;
  readonly #truth: Truth;
  readonly #connections: { get(id: string): unknown };
  readonly #known = new Map<object, Known>();
  readonly #left = new WeakSet<object>();
  readonly #wait: (ms: number) => Promise<void>;
  #rechecks = 0;

  /** `connections`: those that are open. */
  constructor(
    world: World,
    truth: Truth,
    connections: { get(id: string): unknown },
    wait: (ms: number) => Promise<void>,
  ) {
    this.#wait = wait;
    this.#world = world;
    this.#connections = connections;
    this.#truth = truth;
  }

  /** Its join handler lets it in. */
  entered(ctx: Handled): void {
    if (this.#known.has(ctx) || this.#left.has(ctx)) this.#fail(ctx, "joins twice");
    this.#known.set(ctx, { state: "in", busy: 0, published: 0, pushed: 0 });
  }

  /** Handlers for what clients send: each only for one who is there. */
  acting<T extends Readonly<Record<string, (ctx: never, payload: never) => unknown>>>(handlers: T): T {
    const watched = Object.entries(handlers).map(([event, handle]) => [
      event,
      (ctx: Handled, payload: unknown) => {
        const known = this.#expect(ctx, "in", event);
        const result = handle(ctx as never, payload as never);
        if (known === undefined || !(result instanceof Promise)) return result;
        known.busy++;
        return result.finally(() => known.busy--);
      },
    ]);
    return Object.fromEntries(watched);
  }

  /** Its client is away. */
  readonly suspended = (ctx: Handled): void => {
    const known = this.#expect(ctx, "in", "suspended");
    if (known === undefined) return;
    known.state = "away";
    known.published = this.#truth.list(ctx.topic).length;
    known.pushed = 0;
  };

  /** Its client is back. */
  readonly resumed = (ctx: Handled): void => {
    if (this.#connections.get(ctx.connectionId) === undefined) {
      this.#fail(ctx, "is resumed, and nobody is there");
    }
    const known = this.#expect(ctx, "away", "resumed");
    if (known === undefined) return;
    known.state = "in";
    const since = this.#truth.list(ctx.topic).slice(known.published);
    const nowMs = this.#world.clock.elapsedMs();
    // What is published at this very moment may still reach it.
    const missed = since.filter((said) => isFor(ctx.user.id, said) && this.#truth.calledMs(said) < nowMs);
    this.#truth.away.set(`${ctx.topic} ${ctx.user.id}`, missed.length + known.pushed);
  };

  /** Whether handlers have been told that its client is away. */
  isAway(ctx: object): boolean {
    return this.#known.get(ctx)?.state === "away";
  }

  /** Something is pushed to a user's channels in a topic. */
  pushed(topic: string, user: string): void {
    for (const [ctx, known] of this.#known) {
      const { topic: own, user: { id } } = ctx as Handled;
      if (own === topic && id === user && known.state === "away") known.pushed++;
    }
  }

  /** Whether its client may still be a member; the answer may take its time. From then on nothing is said for one who may not. */
  readonly recheck = (ctx: Handled): boolean | Promise<boolean> => {
    const known = this.#known.get(ctx);
    if (known === undefined) return false;
    const decide = (): boolean => {
      const isExpelled = this.#truth.expelled.has(`${ctx.topic} ${ctx.user.id}`);
      if (isExpelled) known.state = "expelled";
      return !isExpelled;
    };
    if (++this.#rechecks % 2 === 0) return decide();
    known.busy++;
    return this.#wait(this.#rechecks % 20).then(() => {
      known.busy--;
      return decide();
    });
  };

  /** Its client has not come back. */
  readonly expired = (ctx: Handled): void => {
    const isBusy = (this.#known.get(ctx)?.busy ?? 0) > 0;
    const known = isBusy ? this.#known.get(ctx) : this.#expect(ctx, "away", "expired");
    if (known !== undefined) known.state = "expired";
  };

  /** It has left. */
  readonly leave = (ctx: Handled, { kind }: LeaveReason): void => {
    const known = this.#known.get(ctx);
    if (known === undefined) return this.#fail(ctx, `leaves (${kind}), and is no member`);
    if ((known.state === "expired") !== (kind === "expired")) {
      this.#fail(ctx, `leaves (${kind}), and is ${known.state}`);
    }
    this.#known.delete(ctx);
    this.#left.add(ctx);
  };

  /** Nobody is there any more. */
  checkEmpty(): void {
    for (const [ctx, { state }] of this.#known) this.#fail(ctx as Handled, `has never left, and is ${state}`);
  }

  #expect(ctx: Handled, state: Known["state"], what: string): Known | undefined {
    const known = this.#known.get(ctx);
    if (known === undefined || known.state !== state) {
      this.#fail(ctx, `${what}, and is ${known?.state ?? "no member"}`);
    }
    return known;
  }

  #fail({ topic, user }: Handled, details: string): void {
    this.#world.fail("what happens to a channel has an order", `${user.id} in ${topic} ${details}`);
  }
}
