import { assert, assertEquals } from "@std/assert";
import { PARTS } from "../../bench/case.ts";
import { FULL } from "../../bench/effort.ts";
import { type Options, readOptions } from "../../bench/options.ts";

function read(...args: string[]): Options {
  const options = readOptions(args);
  assert(options !== "help" && !("wrong" in options), JSON.stringify(options));
  return options;
}

Deno.test("bench options: without any, everything is measured, and the results are written", () => {
  const { parts, effort, isQuick, out } = read();
  assertEquals([parts, effort, isQuick], [PARTS, FULL, false]);
  assert(out!.pathname.endsWith("/bench/"));
});

Deno.test("bench options: what is not the whole leaves the committed results alone", () => {
  for (const args of [["--quick"], ["--only", "echo"], ["--rounds=2"], ["--quick", "--rounds=9"]]) {
    assertEquals(read(...args).out, null, args.join(" "));
  }
  assertEquals(read("--only=echo,held", "--out", "/tmp/x").out?.href, "file:///tmp/x/");
  assertEquals(read("--only=echo,held").parts, ["echo", "held"]);
  assertEquals(read("--rounds", "7").effort.rounds, 7);
});

Deno.test("bench options: help is help, whatever else there is", () => {
  assertEquals(readOptions(["--quick", "--help"]), "help");
});

Deno.test("bench options: what is wrong is named, with what is accepted", () => {
  const wrong: [string[], string][] = [
    [["--foo"], 'There is no option "--foo": accepted are --only, --rounds, --quick, --out, --help'],
    [["echo"], 'There is no option "echo": accepted are --only, --rounds, --quick, --out, --help'],
    [["--only", "ecko"], `There is no part "ecko": accepted are ${PARTS.join(", ")}`],
    [["--only"], "--only needs a value"],
    [["--rounds=0"], '--rounds must be a whole number from 1, and is "0"'],
    [["--rounds=x"], '--rounds must be a whole number from 1, and is "x"'],
    [["--quick=yes"], '--quick takes no value, and got "yes"'],
  ];
  for (const [args, text] of wrong) assertEquals(readOptions(args), { wrong: text });
});
