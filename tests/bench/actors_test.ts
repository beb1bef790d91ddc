import { assert, assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("the actor benchmark runs every program on every system (speed is not judged here)", async () => {
  const file = new URL("../../bench/actors.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", file, "--quick"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, new TextDecoder().decode(stderr));
  for (const name of ["bare", "troupe", "xstate", "nact"]) assertStringIncludes(text, name);
  const rows = ["ping-pong", "fan-in", "10,000 actors", "spawn", "heap"].map((name) =>
    text.split("\n").find((line) => line.startsWith(name)) ?? ""
  );
  assertEquals(rows.map((row) => row.match(/\(/g)?.length), [5, 5, 5, 5, 5]);
});
