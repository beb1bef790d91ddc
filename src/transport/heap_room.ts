/** As much as glibc still learns from; it keeps twice that. */
const LESSON_BYTES = 31 * 1_048_576;

let isKept = false;

/**
 * Lets the process keep up to 62 MiB of heap that is free at the moment, once for all. The runtime copies each frame for
 * each socket, and frees the copies when they are written: a turn to a thousand clients takes some megabytes, for a
 * millisecond. The allocator of Linux (glibc) gives what is free at the heap's end back to the kernel beyond 128 KiB, so
 * that each turn would pay for its pages anew: up to two thirds of a fan-out's time. It learns from what is freed
 * (`M_MMAP_THRESHOLD`, mallopt(3)): one large block, never touched, so that it takes no memory. Elsewhere it does
 * nothing.
 */
export function keepHeapRoom(): void {
  if (isKept) return;
  isKept = true;
  try {
    new ArrayBuffer(LESSON_BYTES).transfer(0); // frees at once: no collection has to come by
  } catch {
    // As little memory as that: then it is right to give back all.
  }
}
