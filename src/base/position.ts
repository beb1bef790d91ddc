/**
 * Where a publication stands in its topic's log. `epoch` names one unbroken history; `offset` counts from 1 within
 * it. Two positions can be compared only within one epoch (the idea is Centrifuge's).
 */
export interface Position {
  /** Names the history. It changes only when continuity cannot be proved. */
  readonly epoch: string;
  /** The publication's number within the epoch, from 1. */
  readonly offset: number;
}
