import { parseArgs } from "@std/cli/parse-args";
import { TroupeError } from "../base/errors.ts";

/** What the command line asks for. */
export interface Command {
  /** The module with the app, or the contracts: a path or a URL. */
  readonly module: string;
  /** What the app is called. */
  readonly title: string;
  /** The version of its interface. */
  readonly version: string;
  /** The URL of its WebSocket. */
  readonly server: string | undefined;
  /** The module whose default export is the option `jsonSchema`. */
  readonly jsonSchema: string | undefined;
}

/** What `--help` prints. */
export const HELP =
  `Prints AsyncAPI 3.0, as JSON, for the contracts that a module exports, and those of the apps that it exports.

  deno run -A jsr:@troupe/core/asyncapi app.ts > asyncapi.json

  --title TEXT        what the app is called (default: the name of the file)
  --version TEXT      the version of its interface (default 0.0.0)
  --server URL        where it is, e.g. wss://chat.example.com/socket/websocket (default: not said)
  --json-schema FILE  for schemas that are not zod's: a module whose default export is a function, (schema, place) =>
                      its JSON Schema (draft 07), or undefined to leave it to zod
  --help              this text

Topics without a contract are left out, and named on stderr.
`;

const FLAGS = ["title", "version", "server", "json-schema"];
const ACCEPTED = `one module, ${FLAGS.map((flag) => `--${flag}`).join(", ")} and --help`;

/**
 * Reads the command line.
 *
 * @returns The command; `"help"` if that is what was asked for.
 * @throws {TroupeError} `bad_argument`: its message is one line that says what is accepted.
 */
export function readCommand(args: readonly string[]): Command | "help" {
  const unknown: string[] = [];
  const flags = parseArgs([...args], {
    string: FLAGS,
    boolean: ["help"],
    unknown(arg: string, key?: string): boolean {
      if (key === undefined) return true;
      unknown.push(arg.split("=", 1)[0]);
      return false;
    },
  });
  if (flags.help === true) return "help";
  if (unknown.length > 0) throw refused(`There is no flag ${JSON.stringify(unknown[0])}`);
  const value = (flag: string): string | undefined => {
    const given = flags[flag] as string | undefined; // The last, if there are several.
    if (given === "") throw refused(`--${flag} has no value`);
    return given;
  };
  const [module, surplus] = flags._.map(String);
  if (module === undefined) throw refused("There is no module");
  if (surplus !== undefined) throw refused(`There is a second module, ${JSON.stringify(surplus)}`);
  return {
    module,
    title: value("title") ?? titleOf(module),
    version: value("version") ?? "0.0.0",
    server: value("server"),
    jsonSchema: value("json-schema"),
  };
}

/** `src/chat.ts` → `chat`. */
function titleOf(module: string): string {
  return module.split(/[/\\]/).at(-1)!.replace(/\.\w+$/, "") || module;
}

function refused(fault: string): TroupeError {
  return new TroupeError("bad_argument", `${fault}: accepted are ${ACCEPTED}`);
}
