/**
 * The actor of the kernel's tests: its messages are what it does.
 *
 * @module
 */

import {
  actor,
  type ActorDefinition,
  type Asks,
  type Behavior,
  type Context,
  stop,
} from "@troupe/core/actors";

/** What a puppet does when the message comes. It may be asked. */
export type Act =
  & ((ctx: Context<Act>) => unknown | typeof stop | Promise<unknown | typeof stop>)
  & Asks<unknown>;

/** How a puppet differs from one that does nothing of its own. Without a name it is called `puppet`. */
export type PuppetOptions = Partial<ActorDefinition<Act, null, void>>;

/** A behaviour that does what it is told. What the act returns is ignored, except for `stop`. */
export function puppet(options: PuppetOptions = {}): Behavior<Act> {
  const { init = () => null } = options;
  return actor<Act, null>({
    name: "puppet",
    ...options,
    init: (ctx) => init(ctx),
    receive(state, act, ctx) {
      const done = act(ctx);
      if (done instanceof Promise) return done.then((last) => last === stop ? stop : state);
      return done === stop ? stop : state;
    },
  });
}

/** A puppet that writes its life down: `<name> up`, `<name> down (<reason>)`. */
export function diarist(diary: string[], name: string, options: PuppetOptions = {}): Behavior<Act> {
  return puppet({
    name,
    init: () => {
      diary.push(`${name} up`);
      return null;
    },
    stop: (_state, reason) => {
      diary.push(`${name} down (${reason.kind})`);
    },
    ...options,
  });
}

/** Fails. */
export const crash: Act = () => {
  throw new Error("boom");
};

/** A promise, and the two ways to settle it. */
export class Latch {
  readonly promise: Promise<void>;
  open!: () => void;
  fail!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}

/** Never settles. */
export const NEVER: Promise<void> = new Promise(() => {});
