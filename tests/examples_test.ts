import { assertEquals } from "@std/assert";
import { checkSnippets } from "./examples/snippets.ts";

const ROOT = new URL("../", import.meta.url);

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(new URL(path, ROOT));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("every snippet of the README is quoted from an example", () => {
  const { tasks } = JSON.parse(readText("deno.json") ?? "") as { tasks: Record<string, unknown> };
  const readme = readText("README.md") ?? "";
  assertEquals(checkSnippets("README.md", readme, readText, new Set(Object.keys(tasks))), []);
});

Deno.test("every example has a test of its own that runs it", () => {
  const untested = [...Deno.readDirSync(new URL("examples/", ROOT))]
    .filter(({ name }) => !name.endsWith(".md"))
    .filter(({ name }) => {
      const test = readText(`tests/examples/${name.replace(/\.[^.]+$/, "")}_test.ts`);
      return !test?.includes(`examples/${name}`);
    })
    .map(({ name }) => `examples/${name}`);
  assertEquals(untested, [], "a test at tests/examples/<name>_test.ts that names the file is accepted");
});
