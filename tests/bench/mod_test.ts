import { assert, assertEquals } from "@std/assert";

const bench = new URL("../../bench/mod.ts", import.meta.url).pathname;

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", bench, ...args],
  })
    .output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test({
  name: "the benchmarks run: every server answers the load in order, and completely",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, out, err } = await run("--quick");
    assertEquals(code, 0, err);
    for (const part of ["### Echo", "### Fan-out", "### Memory"]) assert(out.includes(part), out);
  },
});

Deno.test("the benchmarks name their parts when asked for one that there is not", async () => {
  const { code, err } = await run("--only", "nothing");
  assertEquals(code, 1);
  assert(err.includes("echo, fanout, memory"), err);
});
