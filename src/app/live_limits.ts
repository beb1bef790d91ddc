import { CHANGEABLE_LIMITS, checkOptions, completeLimits } from "./option_schemas.ts";
import type { ChangeableLimits, Limits } from "./options.ts";

/** The bounds of an app that runs. */
export interface AppLimits {
  /** All of them, as they are now: a copy. */
  readonly current: Readonly<Required<Limits>>;
  /**
   * Changes some. They hold from now on, for connections that are open too: what came before is not judged again, and no
   * connection is closed since there are too many. Where a mount has a limit of its own (`app.socket`), that stays. A
   * changed `openTimeoutMs` and `authenticateTimeoutMs` holds for handshakes that begin later.
   *
   * @throws {TroupeError} `invalid_options` for an unknown name, a value that makes no sense, and a bound that is fixed
   * when the app is made; it names those that can be changed. Then nothing is changed.
   */
  set(changes: ChangeableLimits): void;
}

/** Keeps the bounds where everybody reads them when they are needed, and changes them there. */
export class LiveLimits implements AppLimits {
  /** The app's own. Whoever holds on to it sees every change. */
  readonly live: Required<Limits>;
  readonly #mounts: { readonly own: Limits; readonly live: Required<Limits> }[] = [];
  readonly #listeners: (() => void)[] = [];

  /** `limits`: complete. It is changed in place. */
  constructor(limits: Required<Limits>) {
    this.live = limits;
  }

  get current(): Readonly<Required<Limits>> {
    return { ...this.live };
  }

  /** The limits of a mount that has some of its own. Whoever holds on to them sees every change, too. */
  forMount(own: Limits = {}): Required<Limits> {
    const live = completeLimits(this.live, own);
    this.#mounts.push({ own, live });
    return live;
  }

  /** Calls `listener` after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  set(changes: ChangeableLimits): void {
    checkOptions("app.limits.set", changes);
    for (const name of CHANGEABLE_LIMITS) {
      const value = changes[name];
      if (value === undefined) continue;
      this.live[name] = value;
      for (const mount of this.#mounts) if (mount.own[name] === undefined) mount.live[name] = value;
    }
    for (const listener of this.#listeners) listener();
  }
}
