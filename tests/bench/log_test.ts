import { assert, assertEquals } from "@std/assert";

Deno.test("the benchmark of logs runs every turn on every log (speed is not judged here)", async () => {
  const file = new URL("../../bench/log.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", file, "--quick"],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  const rows = text.split("\n").filter((line) => /^ {2}(memoryLog|sqliteLog)/.test(line));
  assertEquals(rows.length, 12);
  assertEquals(rows.filter((row) => /[1-9]/.test(row)).length, 12);
});
