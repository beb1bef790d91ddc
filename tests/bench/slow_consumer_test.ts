import { assert, assertStringIncludes } from "@std/assert";
import { longTest } from "../optional.ts";

longTest("The benchmark of slow consumers runs to its end", async () => {
  const program = new URL("../../bench/slow_consumer.ts", import.meta.url).pathname;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, "--quick"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, text);
  for (const part of ["one stalled, latest", "ratio of p99", "drop_oldest", "A quick run"]) {
    assertStringIncludes(text, part);
  }
});
