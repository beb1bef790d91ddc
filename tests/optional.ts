/**
 * Tests that not every run can or should run. Each one that is left out says so, and why, in its line of the output.
 *
 * @module
 */

/** Whether the long runs are asked for: `TROUPE_LONG=1`, as `deno task ok:full` and CI set it. */
export const LONG: boolean = Deno.env.get("TROUPE_LONG") === "1";

/** Whether only what is quick is asked for: `TROUPE_QUICK=1`, as `deno task ok` sets it. */
export const QUICK: boolean = Deno.env.get("TROUPE_QUICK") === "1" && !LONG;

type TestFunction = (t: Deno.TestContext) => void | Promise<void>;

/** A test that takes long or much. It runs with `TROUPE_LONG=1` only. */
export function longTest(name: string, fn: TestFunction): void {
  if (LONG) Deno.test(name, fn);
  else leaveOut(name, "a long run, see deno task ok:full");
}

/** A test that takes some seconds of the processor, which `deno task ok` does not have for it. */
export function slowTest(name: string, fn: TestFunction): void {
  if (QUICK) leaveOut(name, "a slow one, see deno task test");
  else Deno.test(name, fn);
}

/** A slow test of what only Linux shows, e.g. the memory of another process. */
export function slowTestOnLinux(name: string, fn: TestFunction): void {
  if (Deno.build.os === "linux") slowTest(name, fn);
  else leaveOut(name, "it needs Linux");
}

function leaveOut(name: string, why: string): void {
  Deno.test.ignore(`${name} (left out: ${why})`, () => {});
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

/** A slow test that needs a program: as `testWith`, where slow ones run. */
export function slowTestWith(executable: string, name: string, fn: TestWithProgram): void {
  if (QUICK) leaveOut(name, "a slow one, see deno task test");
  else testWith(executable, name, fn);
}
