import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findExecutable } from "./optional.ts";

const MODULE = new URL("optional.ts", import.meta.url).href;

/** What `deno test` prints for a file with `source`, under the environment `env`. */
async function testOutput(source: string, env: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/some_test.ts`;
    await Deno.writeTextFile(file, source);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", file],
      env: { NO_COLOR: "1", ...env },
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("an executable is found where the PATH says", () => {
  assert(findExecutable("sh")?.endsWith("/sh"));
  assertEquals(findExecutable("no-such-program-anywhere"), null);
});

Deno.test("a long run is left out, says so, and runs when it is asked for", async () => {
  const source = `import { longTest } from ${JSON.stringify(MODULE)}; longTest("x", () => {});`;
  const without = await testOutput(source, { TROUPE_LONG: "" });
  assertStringIncludes(without, "x (left out: a long run, see deno task ok:full) ... ignored");
  assertStringIncludes(await testOutput(source, { TROUPE_LONG: "1" }), "x ... ok");
});

Deno.test("a test whose program is missing is left out, says so, and fails in CI", async () => {
  const source = `import { testWith } from ${
    JSON.stringify(MODULE)
  }; testWith("no-such-program", "x", () => {});`;
  const local = await testOutput(source, { CI: "" });
  assertStringIncludes(local, "x (left out: no-such-program is not on the PATH) ... ignored");
  assertStringIncludes(await testOutput(source, { CI: "true" }), "0 passed | 1 failed");
});

Deno.test("a slow test is left out, and says so, where only what is quick is asked for, and not in a long run", async () => {
  const source = `import { slowTest, slowTestWith } from ${
    JSON.stringify(MODULE)
  }; slowTest("x", () => {}); slowTestWith("sh", "y", () => {}); slowTestWith("no-such-program", "z", () => {});`;
  const quick = await testOutput(source, { CI: "", TROUPE_LONG: "", TROUPE_QUICK: "1" });
  for (const name of ["x", "y", "z"]) {
    assertStringIncludes(quick, `${name} (left out: a slow one, see deno task test) ... ignored`);
  }
  assertStringIncludes(
    await testOutput(source, { CI: "", TROUPE_LONG: "", TROUPE_QUICK: "" }),
    "2 passed | 0 failed | 1 ignored",
  );
  assertStringIncludes(
    await testOutput(source, { CI: "true", TROUPE_LONG: "1", TROUPE_QUICK: "1" }),
    "2 passed | 1 failed",
  );
});
