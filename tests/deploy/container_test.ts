/** The container recipe of `docs/deploy.md`, step by step as a container would run it: without a container. */

import { assert, assertEquals } from "@std/assert";
import { machineEnvironment } from "../server/server_process.ts";

const RECIPE = /```dockerfile\n([\s\S]*?)```/;

/** The arguments of an instruction in exec form, `CMD […]` being the last of its line. */
function execForm(recipe: string, instruction: string): string[] {
  const joined = recipe.replaceAll(/\\\n\s*/g, "");
  const line = joined.split("\n").find((each) => each.startsWith(instruction));
  assert(line !== undefined, `the recipe has no ${instruction}`);
  return JSON.parse(line.slice(line.indexOf("[")));
}

Deno.test("Deploy: what the container runs starts, is found healthy, and ends on SIGTERM with code 0", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/deploy.md", import.meta.url));
  const recipe = RECIPE.exec(docs)?.[1];
  assert(recipe !== undefined, "docs/deploy.md has no container recipe");
  const [program, ...args] = execForm(recipe, "CMD");
  assertEquals(program, "deno");
  const root = new URL("../../", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "--port", "0"],
    cwd: root,
    clearEnv: true,
    env: machineEnvironment(),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    assert(!done, "the server ended before it listened");
    printed += value;
  }
  const port = /http:\/\/[^:]+:(\d+)\//.exec(printed)?.[1];
  assert(port !== undefined, printed);
  const [, ...check] = execForm(recipe, "HEALTHCHECK");
  const healthy = await new Deno.Command(Deno.execPath(), {
    args: check.map((arg) => arg.replace("127.0.0.1:8000", `127.0.0.1:${port}`)),
  }).output();
  assertEquals([healthy.code, new TextDecoder().decode(healthy.stderr)], [0, ""]);
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
});
