import { assert, assertStringIncludes } from "@std/assert";
import { slowTest } from "../optional.ts";

slowTest("the benchmark of presence runs to its end (speed is not judged here)", async () => {
  const program = new URL("../../bench/presence.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, "--quick"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, new TextDecoder().decode(stderr));
  for (const part of ["empty", "500 keys", "counted", "paged", "A quick run"]) {
    assertStringIncludes(text, part);
  }
});
