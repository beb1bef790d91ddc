/**
 * Bundles the chat page's script, with the licence of the one package that goes into it. The bundle is committed: the
 * server imports it as text, so that running it takes no build.
 *
 *     deno task bundle [output]
 *
 * @module
 */

const ENTRY = "src/server/page/main.ts";
const OUTPUT = "src/server/page/chat.bundle.js";

const HEADER = `/*!
Made by "deno task bundle" from ${ENTRY}; edit that. Part of it is the phoenix client, under the MIT License:

Copyright (c) 2014 Chris McCord

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
*/
`;

const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["bundle", "--quiet", "--platform", "browser", "--minify", ENTRY],
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
}).output();
if (!success) {
  await Deno.stderr.write(stderr);
  Deno.exit(1);
}
await Deno.writeTextFile(Deno.args[0] ?? OUTPUT, HEADER + new TextDecoder().decode(stdout).trim() + "\n");
