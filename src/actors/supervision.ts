/** Why an actor ended, or is about to. */
export interface StopReason {
  /**
   * `normal`: it returned `stop`. `shutdown`: it was asked to, or its parent ended. `crashed`: it threw, or its
   * promise was rejected. `aborted`: it did not stop in time and was cut off.
   */
  readonly kind: "normal" | "shutdown" | "crashed" | "aborted";
  /** What was thrown, where `kind` is `crashed`. */
  readonly error?: unknown;
}

/** What a supervisor can do to a child whose incarnation has ended, or that it wants to end. */
export interface SupervisedChild {
  /** Where the child is in the tree, for logs. */
  readonly path: string;
  /** Whether its incarnation has ended and it waits for {@link SupervisedChild.restart} or terminate. */
  readonly held: boolean;
  /** Whether it has ended for good. */
  readonly ended: boolean;
  /** Ends its incarnation; {@link Supervision.childEnded} is called when that is done. */
  endIncarnation(): void;
  /** Starts a held child anew: same address, same waiting messages, fresh state. */
  restart(): void;
  /** Ends a child for good: held ones at once, others after their stop. */
  terminate(): void;
  /** Cuts a child off, without its stop hook: it has ended, or with `hold` is held, when this returns. */
  abort(hold?: boolean): void;
}

/** How a supervisor treats its children; owned by its cell. */
export interface Supervision {
  /** The supervisor runs. */
  start(): void;
  /** A child's `init` has finished, at its first start or at a restart. */
  childStarted(child: SupervisedChild): void;
  /** A child's incarnation has ended. `hold` keeps the child for a later restart. */
  childEnded(child: SupervisedChild, reason: StopReason): "terminate" | "hold";
  /** A child has ended for good. */
  childGone(child: SupervisedChild): void;
  /** The supervisor itself ends: no more restarts. */
  dispose(): void;
}

/** Makes the supervision of a cell that runs a supervisor. `host` is that cell. */
export type Supervise = (host: never) => Supervision;
