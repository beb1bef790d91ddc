import type { Issue } from "../contract/mod.ts";

/** What a schema has found, in one line, for people. */
export function faultsOf(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => path === "" ? message : `${path}: ${message}`).join("; ");
}
