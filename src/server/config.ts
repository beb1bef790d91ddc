/**
 * How the ready server is told what to do: flags, then environment variables, then defaults.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { type LogLevel, TroupeError } from "../../mod.ts";

/** Where environment variables are read; `Deno.env` is one. */
export interface Environment {
  /** The value of a variable; `undefined` if it is not set. */
  get(name: string): string | undefined;
}

/** What the ready server is started with. */
export interface Config {
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host: string;
  /** The port; 0 picks a free one. Default: 8000. */
  readonly port: number;
  /** The least grave lines that are logged. Default: `info`. */
  readonly logLevel: LogLevel;
}

/** What `--help` prints. */
export const HELP = `The ready chat server of Troupe.

  --host ADDRESS     where to listen (HOST; default 127.0.0.1)
  --port PORT        0 to 65535; 0 picks a free one (PORT; default 8000)
  --log-level LEVEL  debug, info, warn or error (LOG_LEVEL; default info)
  --help             this text

A flag wins over its environment variable.
`;

/** A setting: its flag, its variable, what it may be. An empty variable counts as not set. */
interface Setting<T> {
  readonly flag: string;
  readonly variable: string;
  readonly fallback: T;
  readonly schema: z.ZodType<T, string>;
  readonly accepted: string;
}

const HOST: Setting<string> = {
  flag: "host",
  variable: "HOST",
  fallback: "127.0.0.1",
  // A name, an IPv4 address, or an IPv6 address with its zone; no scheme, port or brackets.
  schema: z.string().max(255).regex(/^(?:[\w-]+(?:\.[\w-]+)*\.?|[\da-f.]*:[\da-f.:]*(?:%[\w.-]+)?)$/i),
  accepted: "a host name or an IP address, such as 127.0.0.1, 0.0.0.0 or ::1",
};

const PORT: Setting<number> = {
  flag: "port",
  variable: "PORT",
  fallback: 8000,
  schema: z.string().regex(/^\d{1,5}$/).transform(Number).pipe(z.number().max(65_535)),
  accepted: "a whole number from 0 to 65535; 0 picks a free port",
};

const LOG_LEVEL: Setting<LogLevel> = {
  flag: "log-level",
  variable: "LOG_LEVEL",
  fallback: "info",
  schema: z.string().toLowerCase().pipe(z.enum(["debug", "info", "warn", "error"])),
  accepted: "debug, info, warn or error",
};

const FLAGS = [HOST, PORT, LOG_LEVEL].map(({ flag }) => flag);
const ACCEPTED_FLAGS = `${FLAGS.map((flag) => `--${flag}`).join(", ")} and --help`;

/**
 * Reads the configuration of the ready server. A leading `--`, which task runners pass on, is skipped.
 *
 * @returns The configuration; `"help"` if that is what was asked for.
 * @throws {TroupeError} `bad_argument`: its message is one line that names the flag, variable or argument at fault
 * and what is accepted.
 */
export function readConfig(args: readonly string[], env: Environment): Config | "help" {
  const surplus: { readonly arg: string; readonly key: string | undefined }[] = [];
  const flags = parseArgs(args[0] === "--" ? args.slice(1) : args, {
    string: FLAGS,
    boolean: ["help"],
    "--": true,
    unknown(arg: string, key?: string): boolean {
      surplus.push({ arg, key });
      return false;
    },
  });
  if (flags.help === true) return "help";
  const values = {
    host: valueOf(HOST, flags, env),
    port: valueOf(PORT, flags, env),
    logLevel: valueOf(LOG_LEVEL, flags, env),
  };
  for (const arg of flags["--"] ?? []) surplus.push({ arg, key: undefined });
  if (surplus.length === 0) return values;
  const [{ arg, key }] = surplus;
  if (key === undefined) throw refused(`There is no argument ${quote(arg)}: accepted are ${ACCEPTED_FLAGS}`);
  throw refused(`There is no flag ${quote(arg.split("=", 1)[0])}: accepted are ${ACCEPTED_FLAGS}`);
}

function valueOf<T>(
  { flag, variable, fallback, schema, accepted }: Setting<T>,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): T {
  const given = flags[flag];
  const text = typeof given === "string" ? given : env.get(variable) ?? "";
  if (text === "" && given === undefined) return fallback;
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  const name = given === undefined ? variable : `--${flag}`;
  throw refused(
    text === ""
      ? `${name} has no value: accepted is ${accepted}`
      : `${name} cannot be ${quote(text)}: accepted is ${accepted}`,
  );
}

/** As JSON, so that a line stays one line; cut, so that it stays readable. */
function quote(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 59)}…`);
}

function refused(message: string): TroupeError {
  return new TroupeError("bad_argument", message);
}
