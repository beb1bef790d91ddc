/** Whether an app wants new clients, e.g. for a load balancer that asks. */
export interface Readiness {
  /** Whether it does. */
  readonly ready: boolean;
  /** Why not: stable names in snake_case, none if it is ready. */
  readonly reasons: readonly string[];
}

/** Everything that can speak against new clients. */
export class ReadinessChecks {
  readonly #checks: { readonly reason: string; readonly holds: () => boolean }[] = [];

  /** As long as `holds` says yes, the app is not ready, and says `reason`. */
  unless(reason: string, holds: () => boolean): this {
    this.#checks.push({ reason, holds });
    return this;
  }

  /** How it is now. */
  look(): Readiness {
    const reasons = this.#checks.filter(({ holds }) => holds()).map(({ reason }) => reason);
    return { ready: reasons.length === 0, reasons };
  }
}
