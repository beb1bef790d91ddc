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
  else leaveOut(name);
}

/** A long test of what only Linux shows, e.g. the memory of another process. */
export function longTestOnLinux(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  if (Deno.build.os === "linux") longTest(name, fn);
  else Deno.test.ignore(`${name} (left out: it needs Linux)`, fn);
}

function leaveOut(name: string): void {
  Deno.test.ignore(`${name} (left out: a long run, see deno task ok:full)`, () => {});
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

/** A test that gets the path of the program that it needs. */
type TestWithProgram = (path: string, t: Deno.TestContext) => void | Promise<void>;

/**
 * A test that needs a program of the machine, e.g. `chromium`: it gets the program's path. Without the program it is
 * left out; in CI (`CI=true`) it fails instead.
 */
export function testWith(executable: string, name: string, fn: TestWithProgram): void {
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

/** A test that needs a program, and takes long or much: with `TROUPE_LONG=1` it is what `testWith` makes of it. */
export function longTestWith(executable: string, name: string, fn: TestWithProgram): void {
  if (LONG) testWith(executable, name, fn);
  else leaveOut(name);
}
