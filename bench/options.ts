import { PARTS } from "./case.ts";
import { type Effort, FULL, QUICK } from "./effort.ts";

/** What the command line asks for. */
export interface Options {
  readonly parts: readonly string[];
  readonly effort: Effort;
  readonly isQuick: boolean;
  /** The folder where the results are written; `null`: not at all. */
  readonly out: URL | null;
}

/** What `--help` prints. */
export const USAGE = `Measures the engine and its peers in one run, in about 20 minutes.

    deno task bench [--only ${PARTS.join(",")}] [--rounds ${FULL.rounds}] [--quick] [--out <folder>]

--only    some of the parts; the others are left out, and so is RESULTS.md, unless --out is given
--rounds  how often each contender runs, alternating with the others; with less than ${FULL.rounds} RESULTS.md is left out, too
--quick   one short round of small sizes: does it all still work? Nothing is judged
--out     where RESULTS.md and its plot are written, whatever was measured
--help    prints this

The exit code is 1 if something failed or, but for --quick, missed its target. Linux only.`;

/** Reads the command line: options, `"help"`, or what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" | { readonly wrong: string } {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = args[i].split(/=(.*)/s);
    if (name === "--help" || name === "--quick") {
      if (inline !== undefined) return { wrong: `${name} takes no value, and got "${inline}"` };
      given.set(name, "");
    } else if (name === "--only" || name === "--rounds" || name === "--out") {
      const value = inline ?? args[++i];
      if (value === undefined || value === "") return { wrong: `${name} needs a value` };
      given.set(name, value);
    } else {
      return {
        wrong: `There is no option "${args[i]}": accepted are --only, --rounds, --quick, --out and --help`,
      };
    }
  }
  if (given.has("--help")) return "help";
  const parts = given.get("--only")?.split(",") ?? PARTS;
  const unknown = parts.find((part) => !(PARTS as readonly string[]).includes(part));
  if (unknown !== undefined) {
    return { wrong: `There is no part "${unknown}": accepted are ${PARTS.join(", ")}` };
  }
  const effort = given.has("--quick") ? QUICK : FULL;
  const rounds = Number(given.get("--rounds") ?? effort.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    return { wrong: `--rounds must be a whole number from 1, and is "${given.get("--rounds")}"` };
  }
  const isQuick = effort === QUICK;
  const isWhole = !isQuick && rounds >= FULL.rounds && PARTS.every((part) => parts.includes(part));
  const out = given.get("--out");
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
