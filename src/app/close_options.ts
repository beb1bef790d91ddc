/** How `App.close` is bounded. */
export interface CloseOptions {
  /** How long handlers and requests may take to end before they are cut off, in milliseconds. Default: 10,000. */
  deadlineMs?: number;
}
