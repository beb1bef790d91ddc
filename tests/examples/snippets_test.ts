import { assertEquals } from "@std/assert";
import { checkSnippets, quotable, snippetsOf } from "./snippets.ts";

const EXAMPLE = `import { App } from "@troupe/core";

// #region app
function make() {
  // #region inner
  const app = new App();

  if (app) return app;
  // #endregion
}
// #endregion
`;

const tasks = new Set(["start", "test"]);
const read = (path: string): string | null => (path === "examples/app.ts" ? EXAMPLE : null);
const check = (markdown: string): string[] => checkSnippets("README.md", markdown, read, tasks);
const fenced = (source: string | null, language: string, text: string): string =>
  `# Title\n\n${source === null ? "" : `<!-- ${source} -->\n`}\`\`\`${language}\n${text}\n\`\`\`\n`;

Deno.test("a snippet knows its language, place and source", () => {
  const page = "text\n<!-- examples/a.ts#b -->\n```ts ignore\nx\n```\n\n  ~~~sh\n  y\n    z\n  ~~~\n";
  assertEquals(snippetsOf(page), [
    { language: "ts", text: "x", line: 3, source: "examples/a.ts#b" },
    { language: "sh", text: "y\n  z", line: 7, source: null },
  ]);
});

Deno.test("a longer fence holds shorter ones", () => {
  assertEquals(snippetsOf("````md\n```ts\nx\n```\n````\n").map(({ text }) => text), ["```ts\nx\n```"]);
});

Deno.test("a whole file is quoted without its region marks", () => {
  const whole = EXAMPLE.split("\n").filter((line) => !line.includes("region")).join("\n").trim();
  assertEquals(quotable(EXAMPLE, undefined), whole);
  assertEquals(check(fenced("examples/app.ts", "ts", whole)), []);
});

Deno.test("a region is quoted without the indentation that its lines share", () => {
  assertEquals(quotable(EXAMPLE, "inner"), "const app = new App();\n\nif (app) return app;");
  assertEquals(
    quotable(EXAMPLE, "app"),
    "function make() {\n  const app = new App();\n\n  if (app) return app;\n}",
  );
  assertEquals(
    check(fenced("examples/app.ts#inner", "ts", "const app = new App();\n\nif (app) return app;")),
    [],
  );
});

Deno.test("a snippet that differs from its file is told", () => {
  assertEquals(check(fenced("examples/app.ts#inner", "ts", "const app = new App({});")), [
    "README.md:4: differs from examples/app.ts#inner, which it quotes",
  ]);
});

Deno.test("a snippet of a file or region that does not exist is told", () => {
  assertEquals(check(fenced("examples/none.ts", "ts", "x")), [
    "README.md:4: quotes examples/none.ts, which does not exist",
  ]);
  assertEquals(check(fenced("examples/app.ts#none", "ts", "x")), [
    "README.md:4: quotes the region none of examples/app.ts, which has none",
  ]);
  assertEquals(check(fenced("src/app/app.ts", "ts", "x")), [
    "README.md:4: quotes src/app/app.ts: a file under examples/ is accepted",
  ]);
});

Deno.test("code without a source is told, commands and output are not", () => {
  assertEquals(check(fenced(null, "ts", "x")), [
    "README.md:3: says not where it comes from: put <!-- examples/file.ts --> on the line above",
  ]);
  assertEquals(check(fenced(null, "sh", "curl localhost:8000/healthz")), []);
  assertEquals(check(fenced(null, "", "output")), []);
});

Deno.test("a command that names an unknown task is told", () => {
  assertEquals(check(fenced(null, "sh", "npx -y deno@2 task start\ndeno task test")), []);
  assertEquals(check(fenced(null, "sh", "npx -y deno@2 task strat")), [
    "README.md:3: names the task strat: deno.json has start, test",
  ]);
});
