/**
 * Tests that not every run can or should run. Each one that is left out says so, and why, in its line of the output.
 *
 * @module
 */

/** Whether the long runs are asked for: `TROUPE_LONG=1`, as `deno task ok:full` and CI set it. */
export const LONG: boolean = Deno.env.get("TROUPE_LONG") === "1";

/** A test that takes long or much. It runs with `TROUPE_LONG=1` only. */
export function longTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  if (LONG) Deno.test(name, fn);
  else Deno.test({ name: `${name} (left out: a long run, see deno task ok:full)`, ignore: true, fn });
}

/** Where `executable` is found on the `PATH`; `null` if it is not. */
export function findExecutable(executable: string): string | null {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${folder}/${executable}`;
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not there, or not for us to see.
    }
  }
  return null;
}

/**
 * A test that needs a program of the machine, e.g. `chromium`: it gets the program's path. Without the program it is
 * left out; in CI (`CI=true`) it fails instead.
 */
export function testWith(
  executable: string,
  name: string,
  fn: (path: string, t: Deno.TestContext) => void | Promise<void>,
): void {
  const path = findExecutable(executable);
  if (path !== null) return Deno.test(name, (t) => fn(path, t));
  Deno.test({
    name: `${name} (left out: ${executable} is not on the PATH)`,
    ignore: Deno.env.get("CI") !== "true",
    fn() {
      throw new Error(`${executable} is not on the PATH, and CI is set: install it (see .ci/run)`);
    },
  });
}
