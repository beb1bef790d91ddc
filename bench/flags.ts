/** The flags that a program takes: `"switch"` without a value, `"value"` with one. */
export type Accepted = Readonly<Record<string, "switch" | "value">>;

/** What was given: a value by flag, `""` for a switch. */
export type Flags = ReadonlyMap<string, string>;

/** Reads a command line: `--flag`, `--flag value` or `--flag=value`. Gives what it says, `"help"`, or what is wrong. */
export function readFlags(
  args: readonly string[],
  accepted: Accepted,
): Flags | "help" | { readonly wrong: string } {
  if (args.includes("--help")) return "help";
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = args[i].split(/=(.*)/s);
    const kind = flag.startsWith("--") && Object.hasOwn(accepted, flag.slice(2))
      ? accepted[flag.slice(2)]
      : undefined;
    if (kind === undefined) {
      const names = [...Object.keys(accepted), "help"].map((name) => `--${name}`);
      return { wrong: `There is no option "${args[i]}": accepted are ${names.join(", ")}` };
    }
    if (kind === "switch" && inline !== undefined) {
      return { wrong: `${flag} takes no value, and got "${inline}"` };
    }
    const value = kind === "switch" ? "" : inline ?? args[++i];
    if (kind === "value" && (value === undefined || value === "")) return { wrong: `${flag} needs a value` };
    given.set(flag.slice(2), value);
  }
  return given;
}

/** How many rounds `--rounds` asks for; `otherwise` without it. Or what is wrong with it. */
export function readRounds(flags: Flags, otherwise: number): number | { readonly wrong: string } {
  const text = flags.get("rounds");
  const rounds = Number(text ?? otherwise);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  return { wrong: `--rounds must be a whole number from 1, and is "${text}"` };
}

/**
 * The flags of this program. Prints `usage` and ends the process for `--help`; tells what is wrong, and ends it with
 * code 2, for what is not accepted.
 */
export function flagsOrExit(usage: string, accepted: Accepted): Flags {
  const flags = readFlags(Deno.args, accepted);
  if (flags === "help") {
    console.log(usage);
    Deno.exit(0);
  }
  return "wrong" in flags ? exitWrong(flags.wrong) : flags;
}

/** The same for the number of rounds. */
export function roundsOrExit(flags: Flags, otherwise: number): number {
  const rounds = readRounds(flags, otherwise);
  return typeof rounds === "object" ? exitWrong(rounds.wrong) : rounds;
}

/** Tells what is wrong with the command line, and ends the process. */
export function exitWrong(wrong: string): never {
  console.error(`${wrong}. --help prints the usage.`);
  Deno.exit(2);
}
