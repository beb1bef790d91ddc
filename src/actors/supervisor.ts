import { TroupeError } from "../base/errors.ts";
import { Behavior, type SpawnOptions } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Backoff, Intensity } from "./restarts.ts";
import { FamilySupervision, type Restart, type Strategy } from "./family.ts";

/** A child of a static supervisor. */
export interface ChildSpec<M, A> extends SpawnOptions<A> {
  /** How it reacts to messages; it may be a supervisor itself. */
  behavior: Behavior<M, A>;
  /** When it is restarted. Default: `permanent`. */
  restart?: Restart;
}

/** What {@link supervisor} takes. */
export interface SupervisorOptions {
  /** Names it in paths and logs. Default: `supervisor`. */
  name?: string;
  /** Who is restarted when one child fails. Default: `one-for-one`. */
  strategy?: Strategy;
  /** How many restarts are too many. Default: 3 within 5 s; then the supervisor fails itself. */
  intensity?: Intensity;
  /** How long to wait before a restart. Default: not at all. */
  backoff?: Backoff;
  /** Its children, in the order of their start; they stop in reverse order. Make each with {@link child}. */
  children: readonly ChildSpec<never, never>[];
}

/** Describes a child for {@link supervisor}: checks that `args` are what the behaviour's `init` takes. */
export function child<M, A>(spec: ChildSpec<M, A>): ChildSpec<never, never> {
  return spec as unknown as ChildSpec<never, never>;
}

/**
 * A behaviour that starts its children in order, each after the `init` of the one before, and restarts them as the
 * strategy says. A restarted child keeps its address, its name and its waiting messages; its state is made anew.
 *
 * Outcomes: a child that throws, is rejected or fails in `init` is restarted if it is `permanent` or `transient`; one
 * that stops normally only if it is `permanent`. More restarts than the intensity allows, and the supervisor stops its
 * children in reverse order and fails upwards, where its own supervisor decides. The words are those of Erlang/OTP.
 *
 * @throws {TroupeError} `bad_supervisor` at once if an intensity or a backoff is not a number that makes sense.
 *
 * @example
 * ```ts
 * import { actor, child, supervisor, System } from "@troupe/core/actors";
 *
 * const worker = actor<string, void>({ name: "worker", init() {}, receive() {} });
 * await using system = new System();
 * system.spawn(supervisor({
 *   strategy: "rest-for-one",
 *   intensity: { restarts: 5, withinMs: 10_000 },
 *   children: [child({ behavior: worker, name: "first" }), child({ behavior: worker, name: "second" })],
 * }));
 * ```
 */
export function supervisor(options: SupervisorOptions): Behavior<never> {
  checkRestartOptions(options.intensity, options.backoff);
  return new Behavior<never>(
    { name: options.name ?? "supervisor", init: () => null, receive: (state) => state },
    (host: Cell) => new FamilySupervision(host, { ...options, strategy: options.strategy ?? "one-for-one" }),
  );
}

/** Refuses restart options that cannot be meant. */
export function checkRestartOptions(intensity: Intensity | undefined, backoff: Backoff | undefined): void {
  const numbers: [name: string, value: number | undefined, least: number, most: number][] = [
    ["intensity.restarts", intensity?.restarts, 0, Infinity],
    ["intensity.withinMs", intensity?.withinMs, 1, Infinity],
    ["backoff.minMs", backoff?.minMs, 0, Infinity],
    ["backoff.maxMs", backoff?.maxMs, backoff?.minMs ?? 0, Infinity],
    ["backoff.factor", backoff?.factor, 1, Infinity],
    ["backoff.jitter", backoff?.jitter, 0, 1],
    ["backoff.resetMs", backoff?.resetMs, 0, Infinity],
  ];
  for (const [name, value, least, most] of numbers) {
    if (value === undefined || (value >= least && value <= most)) continue;
    const accepted = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new TroupeError("bad_supervisor", `${name} must be a number ${accepted}, got ${value}`, {
      details: { name, value },
    });
  }
}
