/** How long an ending may take if nobody says otherwise, in milliseconds. */
export const CLOSE_DEADLINE_MS = 10_000;

/** How `App.close` is bounded. */
export interface CloseOptions {
  /** How long handlers and requests may take to end before they are cut off, in milliseconds. Default: 10,000. */
  deadlineMs?: number;
}
