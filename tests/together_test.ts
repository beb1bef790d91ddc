import { assertEquals } from "@std/assert";
import { commandOf, filesUnder } from "./tree.ts";

/** Which of `files` are test files that `args` of `deno test` do not run just once, with how often they do. */
function notRunOnce(files: readonly string[], args: readonly string[]): Record<string, number> {
  const named = args.map((arg) => new RegExp(`^${arg.replaceAll(".", "\\.").replaceAll("*", "[^/]+")}$`));
  const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/"));
  const timesRun = (test: string): number =>
    named.filter((name) => name.test(test)).length + // by its own path
    args.filter((arg) => test.startsWith(`${arg}/`)).length + // by a folder above it
    named.filter((name) =>
      name.test(`${folderOf(test)}/all.ts`) && files.includes(`${folderOf(test)}/all.ts`)
    ).length;
  const counts = files.filter((file) => file.endsWith("_test.ts")).map((test) =>
    [test, timesRun(test)] as const
  );
  return Object.fromEntries(counts.filter(([, times]) => times !== 1));
}

Deno.test("notRunOnce tells of a test file that nothing runs, and of one that runs twice", () => {
  const files = [
    "tests/a_test.ts",
    "tests/x/all.ts",
    "tests/x/b_test.ts",
    "tests/y/c_test.ts",
    "tests/y/z/d_test.ts",
  ];
  assertEquals(notRunOnce(files, ["tests/*_test.ts", "tests/*/all.ts", "tests/y"]), {});
  assertEquals(notRunOnce(files, ["tests/*/all.ts", "tests/y/z"]), {
    "tests/a_test.ts": 0,
    "tests/y/c_test.ts": 0,
  });
  assertEquals(notRunOnce(files, ["tests", "tests/x/all.ts"]), { "tests/x/b_test.ts": 2 });
});

Deno.test("the task `test` runs every test file, and once", () => {
  assertEquals(notRunOnce(filesUnder("tests"), commandOf("test").split(" ")), {});
});
