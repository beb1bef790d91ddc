/**
 * Runs `deno doc --lint` over every entry point that deno.json exports: each exported symbol has documentation and
 * explicit types.
 *
 * @module
 */

const { exports } = JSON.parse(await Deno.readTextFile("deno.json")) as { exports: Record<string, string> };
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...Object.values(exports)],
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).output();
Deno.exit(code);
