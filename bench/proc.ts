/**
 * What Linux tells about a process.
 *
 * @module
 */

/** How many ticks a second has in `/proc`: the kernel's constant for programs. */
const TICKS_PER_SECOND = 100;

/** The processor time that a process has used, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may have blanks
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The memory of a process that is in use, in KiB. */
export function rssKib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return Number(line![1]);
}
