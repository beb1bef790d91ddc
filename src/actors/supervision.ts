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
  /** Ends its incarnation; {@link Supervision.childEnded} is called when that is done. Nothing to do if it is held. */
  endIncarnation(): void;
  /** Starts a held child anew: same address, same waiting messages, fresh state. */
  restart(): void;
  /** Ends a child for good: held ones at once, others after their stop. */
  terminate(): void;
}

/** How a supervisor treats its children; owned by its cell. */
export interface Supervision {
  /** The supervisor runs. */
  start(): void;
  /** A child has started, first or anew: its `init` has finished, and those below it that it starts with have started. */
  childStarted(child: SupervisedChild): void;
  /**
   * A child's incarnation has ended; it is held. `hold` keeps it for a later restart, `terminate` ends it for good. An
   * error: it ends for good, and its supervisor fails with that error.
   */
  childEnded(child: SupervisedChild, reason: StopReason): "terminate" | "hold" | Error;
  /** A child has ended for good. */
  childGone(child: SupervisedChild): void;
  /** The supervisor itself ends: no more restarts. */
  dispose(): void;
}

/** Makes the supervision of a cell that runs a supervisor. `host` is that cell. */
export type Supervise = (host: never) => Supervision;
