import { PARTS } from "./case.ts";
import { type Effort, FULL, QUICK } from "./effort.ts";
import { readFlags, readRounds } from "./flags.ts";

/** What the command line asks for. */
export interface Options {
  readonly parts: readonly string[];
  readonly effort: Effort;
  readonly isQuick: boolean;
  /** The folder where the results are written; `null`: not at all. */
  readonly out: URL | null;
}

/** What `--help` prints. */
export const USAGE = `Measures the engine and its peers in one run, in about half an hour.

    deno task bench [--only ${PARTS.join(",")}] [--rounds ${FULL.rounds}] [--quick] [--out <folder>]

--only    some of the parts; the others are left out, and so is RESULTS.md, unless --out is given
--rounds  how often each contender runs, alternating with the others; with less than ${FULL.rounds} RESULTS.md is left out, too
--quick   one short round of small sizes: does it all still work? Nothing is judged
--out     where RESULTS.md and its plot are written, whatever was measured
--help    prints this

The exit code is 1 if something failed or, but for --quick, missed its target. Linux only.`;

/** Reads the command line: options, `"help"`, or what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" | { readonly wrong: string } {
  const given = readFlags(args, { only: "value", rounds: "value", quick: "switch", out: "value" });
  if (given === "help" || "wrong" in given) return given;
  const parts = given.get("only")?.split(",") ?? PARTS;
  const unknown = parts.find((part) => !(PARTS as readonly string[]).includes(part));
  if (unknown !== undefined) {
    return { wrong: `There is no part "${unknown}": accepted are ${PARTS.join(", ")}` };
  }
  const effort = given.has("quick") ? QUICK : FULL;
  const rounds = readRounds(given, effort.rounds);
  if (typeof rounds === "object") return rounds;
  const isQuick = effort === QUICK;
  const isWhole = !isQuick && rounds >= FULL.rounds && PARTS.every((part) => parts.includes(part));
  const out = given.get("out");
  return {
    parts,
    effort: { ...effort, rounds },
    isQuick,
    out: out !== undefined
      ? new URL(`file://${out.startsWith("/") ? "" : `${Deno.cwd()}/`}${out}/`)
      : isWhole
      ? new URL("./", import.meta.url)
      : null,
  };
}
