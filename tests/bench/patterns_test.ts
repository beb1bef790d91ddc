import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { slowTest } from "../optional.ts";

slowTest(
  "The benchmark of patterns: publishing costs more with more matches, and not with more patterns or topics",
  async () => {
    const program = new URL("../../bench/patterns.ts", import.meta.url).pathname;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", program, "--quick"],
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert(success, text + new TextDecoder().decode(stderr));
    // Ten times as many of both. What grows with either would cost ten times as much.
    const ratios = [...text.matchAll(/ cost ([\d.]+) of /g)].map(([, ratio]) => Number(ratio));
    assertEquals(ratios.length, 8);
    for (const ratio of ratios) assertLess(ratio, 5, text);
    const growth = [...text.matchAll(/× ([\d.]+) with 100/g)].map(([, ratio]) => Number(ratio));
    assertEquals(growth.length, 2);
    for (const ratio of growth) assertGreater(ratio, 3, text);
  },
);
