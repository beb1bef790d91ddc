/**
 * Bundles the scripts of the chat page and of the board, with the licence of the packages that go into them. The
 * bundles are committed: the servers import them as text, so that running them takes no build.
 *
 *     deno task bundle [folder]
 *
 * @module
 */

/** What is made of what. */
const BUNDLES = [
  { entry: "src/server/page/main.ts", output: "src/server/page/chat.bundle.js", packages: ["phoenix"] },
  { entry: "src/client/tabs/worker.ts", output: "src/server/page/tabs.bundle.js", packages: [] },
  { entry: "examples/board/page.ts", output: "examples/board/page.bundle.js", packages: ["phoenix", "zod"] },
];

const COPYRIGHTS: Readonly<Record<string, string>> = {
  phoenix: "Copyright (c) 2014 Chris McCord (phoenix)",
  zod: "Copyright (c) 2025 Colin McDonnell (zod)",
};

const LICENCE = `
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

for (const { entry, output, packages } of BUNDLES) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "--minify", entry],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) {
    await Deno.stderr.write(stderr);
    Deno.exit(1);
  }
  const [folder] = Deno.args;
  const place = folder === undefined ? output : `${folder}/${output.replace(/^.*\//, "")}`;
  const script = new TextDecoder().decode(stdout).trim();
  await Deno.writeTextFile(place, `${headerOf(entry, packages)}${script}\n`);
}

function headerOf(entry: string, packages: readonly string[]): string {
  const made = `Made by "deno task bundle" from ${entry}; edit that.`;
  if (packages.length === 0) return `/*! ${made} */\n`;
  const copyrights = packages.map((name) => COPYRIGHTS[name]).join("\n");
  return `/*!\n${made} Part of it is under the MIT License:\n\n${copyrights}\n${LICENCE}*/\n`;
}
