/**
 * Runs the test files of a folder in one worker. A worker of its own costs a file 0.1 to 0.6 s of processor before it
 * tests anything: the runner fills 80 MB in each, and each loads the engine again. For some 400 files that is more than
 * all their tests take.
 *
 * A folder says so with a file `all.ts`, which the task `test` runs instead of the folder; one file alone runs as ever:
 * `deno test -A tests/topics/topic_test.ts`. Where tests take minutes (the simulation), or import examples that can be
 * served once in a process, there is none: those files run side by side.
 *
 * @module
 */

/** Registers the tests of all test files in `folder`, an absolute path, in the order of their names. */
export async function testTogether(folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    throw new Error("testTogether() wants import.meta.dirname of a file in a folder of tests");
  }
  for (const url of testFiles(folder)) await import(url);
}

function testFiles(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith("_test.ts")
  );
  return names.sort().map((name) => new URL(name, `file://${folder}/`).href);
}
