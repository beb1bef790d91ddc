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

Deno.test("a long run that needs a program is left out as a long run, and asks for the program when it runs", async () => {
  const source = `import { longTestWith } from ${
    JSON.stringify(MODULE)
  }; longTestWith("no-such-program", "x", () => {}); longTestWith("sh", "y", () => {});`;
  const without = await testOutput(source, { CI: "", TROUPE_LONG: "" });
  for (const name of ["x", "y"]) {
    assertStringIncludes(without, `${name} (left out: a long run, see deno task ok:full) ... ignored`);
  }
  const long = await testOutput(source, { CI: "true", TROUPE_LONG: "1" });
  assertStringIncludes(long, "y ... ok");
  assertStringIncludes(long, "1 passed | 1 failed");
});
