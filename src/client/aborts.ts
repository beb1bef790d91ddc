/** Does something when a signal is aborted: at once if it is, and not any more when `done` has settled. */
export function whenAborted(signal: AbortSignal | undefined, act: () => void, done: Promise<unknown>): void {
  if (signal?.aborted) act();
  signal?.addEventListener("abort", act);
  void done.then(() => signal?.removeEventListener("abort", act));
}
