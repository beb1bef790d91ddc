import { assert, assertEquals } from "@std/assert";
import { slowTestOnLinux } from "../optional.ts";

slowTestOnLinux(
  "the benchmark of histories runs: all that is published, and all that was missed, arrives in order",
  async () => {
    const file = new URL("../../bench/history.ts", import.meta.url).href;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", file, "--quick", "--vsn", "2.1.0"],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const text = new TextDecoder().decode(stdout);
    assertEquals(text.match(/^### Fan-out/gm)?.length, 4);
    assertEquals(text.match(/^### Joins/gm)?.length, 2);
    assertEquals(text.match(/sqliteLog/g)?.length, 6);
  },
);
