import { assert, assertEquals } from "@std/assert";
import { readFlags, readRounds } from "../../bench/flags.ts";

Deno.test("bench flags: a value is behind the flag or in it, and may have an equals sign", () => {
  const accepted = { quick: "switch", only: "value" } as const;
  for (const args of [["--only=a=b", "--quick"], ["--quick", "--only", "a=b"]]) {
    assertEquals(readFlags(args, accepted), new Map(Object.entries({ quick: "", only: "a=b" })));
  }
  assertEquals(readFlags([], accepted), new Map());
  // What every object has is no flag.
  assertEquals(readFlags(["--toString"], accepted), {
    wrong: 'There is no option "--toString": accepted are --quick, --only, --help',
  });
});

Deno.test("bench flags: rounds are a whole number from 1", () => {
  assertEquals(readRounds(new Map(), 5), 5);
  assertEquals(readRounds(new Map([["rounds", "7"]]), 5), 7);
  for (const text of ["0", "1.5", "x", "-1"]) {
    assert(typeof readRounds(new Map([["rounds", text]]), 5) === "object");
  }
});

for (const program of ["abuse", "history", "log", "patterns", "presence", "slow_consumer"]) {
  Deno.test(`bench/${program}.ts: --help prints the usage, and a flag that there is not is refused; both measure nothing`, async () => {
    const file = new URL(`../../bench/${program}.ts`, import.meta.url).pathname;
    const run = async (flag: string): Promise<[number, string, string]> => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "-A", file, flag],
      }).output();
      return [code, new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)];
    };
    const [[code, out], wrong] = await Promise.all([run("--help"), run("--quik")]);
    assertEquals(code, 0);
    assert(/^deno task bench:\w+ .*\[--rounds \d+\].*\n$/.test(out), out);
    assertEquals(wrong.slice(0, 2), [2, ""]);
    assert(wrong[2].startsWith('There is no option "--quik": accepted are '), wrong[2]);
  });
}
