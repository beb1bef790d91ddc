import type { Clock } from "../base/clock.ts";

/** Linux has an id for each start of the machine. Deno lets only those read it who may do all. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
/** By how much a clock may be corrected while the machine is up: less than a machine is up before it goes down. */
const CORRECTION_MS = 5_000;

/**
 * Names this start of the machine, or says since when it is up (`--allow-sys=osUptime`). `null`: it is not known, or
 * this process may not ask.
 */
export function thisBoot(clock: Clock): string | null {
  const id = bootId();
  if (id !== null) return id;
  if (Deno.permissions.querySync({ name: "sys", kind: "osUptime" }).state !== "granted") return null;
  return `${clock.now() - 1_000 * Deno.osUptime()}`;
}

/** Whether both, which {@link thisBoot} has given, are the same start of the same machine. */
export function isSameBoot(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return false;
  return one === other || Math.abs(Number(one) - Number(other)) <= CORRECTION_MS;
}

function bootId(): string | null {
  // Asked for one permission that is missing, Deno would ask the terminal.
  if (Deno.permissions.querySync({ name: "read", path: BOOT_ID }).state !== "granted") return null;
  try {
    return Deno.readTextFileSync(BOOT_ID).trim();
  } catch {
    return null; // not Linux, or not all is allowed
  }
}
