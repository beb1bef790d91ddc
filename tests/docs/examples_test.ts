/**
 * The examples of the docstrings, and of the guides, run: what `deno test --doc` does, in one worker. One for each of
 * them costs half a second of processor before the example begins.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Snippet, snippetsOf } from "../examples/snippets.ts";
import { commandOf, filesUnder, ROOT } from "../tree.ts";

/** The guides whose examples `deno task static` checks: those run, too. */
function guides(): string[] {
  return commandOf("static").match(/docs\/\S+\.md/g) ?? [];
}

/** The text of a source file's docstrings: every other line is empty, so that lines keep their numbers. */
function docstringsOf(source: string): string {
  let inside = false;
  return source.split("\n").map((line) => {
    if (/^\s*\/\*\*/.test(line)) inside = true;
    const text = inside ? line.replace(/^\s*\/?\*{1,2}\/? ?/, "") : "";
    if (line.includes("*/")) inside = false;
    return text;
  }).join("\n");
}

function examplesOf(path: string): Snippet[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  const page = path.endsWith(".md") ? text : docstringsOf(text);
  const isLeftOut = ({ line }: Snippet): boolean => /\bignore\b/.test(page.split("\n")[line - 1]);
  return snippetsOf(page).filter((snippet) => snippet.language === "ts" && !isLeftOut(snippet));
}

/** The example as a module: its imports are found from where it stands, and its lines have the numbers of the page. */
function moduleOf(path: string, { text, line }: Snippet): string {
  const placed = text.replaceAll(
    /(?<=from ")\.{1,2}\/[^"]+/g,
    (relative) => new URL(relative, new URL(path, ROOT)).href,
  );
  return `data:application/typescript,${encodeURIComponent("\n".repeat(line) + placed)}#${path}`;
}

const sources = filesUnder("src").filter((path) => /\.tsx?$/.test(path)).sort();
for (const path of ["mod.ts", ...sources, ...guides()]) {
  for (const example of examplesOf(path)) {
    Deno.test(`The example of ${path}, line ${example.line}, runs`, async () => {
      await import(moduleOf(path, example));
    });
  }
}

Deno.test("examples are found where they stand, less those that are to be ignored", () => {
  const source =
    'f("```ts");\n/**\n * It adds.\n *\n * ```ts\n * add(1);\n * ```\n *\n * ```ts ignore\n * no();\n * ```\n */\nf();';
  assertEquals(snippetsOf(docstringsOf(source)).map(({ text, line }) => ({ text, line })), [
    { text: "add(1);", line: 5 },
    { text: "no();", line: 9 },
  ]);
  assert(examplesOf("src/base/token_bucket.ts").length > 0);
  assertEquals(examplesOf("src/client/tabs/shared_tabs.ts"), []);
});
