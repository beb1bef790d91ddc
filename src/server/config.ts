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
  /** All of them, if they can be listed: a name that we would have is found that way. */
  toObject?(): Record<string, string>;
}

/** What the ready server is started with. */
export interface Config {
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host: string;
  /** The port; 0 picks a free one. Default: 8000. */
  readonly port: number;
  /** The least grave lines that are logged. Default: `info`. */
  readonly logLevel: LogLevel;
  /** Over how long connections are closed at the end, in milliseconds. Default: 1,000. */
  readonly drainMs: number;
  /** What WebSockets are made of: the runtime's own, or the package `ws`. Default: `websocket`. */
  readonly transport: "websocket" | "ws";
  /** The proxies in front, whose word on where a client comes from is believed: addresses and networks. Default: none. */
  readonly trustedProxies: readonly string[];
  /** The folder where histories are kept, so that they outlive the process; empty for memory alone. Default: empty. */
  readonly dataDir: string;
  /** Where the certificate chain is, in PEM; empty for no TLS. Default: empty. */
  readonly tlsCert: string;
  /** Where its private key is, in PEM. Default: empty. */
  readonly tlsKey: string;
}

/** What `--help` prints. */
export const HELP = `The ready chat server of Troupe.

  --host ADDRESS     where to listen (HOST; default 127.0.0.1)
  --port PORT        0 to 65535; 0 picks a free one (PORT; default 8000)
  --log-level LEVEL  debug, info, warn or error (LOG_LEVEL; default info)
  --drain-ms MS      over how long connections are closed at the end (DRAIN_MS; default 1000)
  --transport NAME   websocket (the runtime's own) or ws (more fan-out) (TRANSPORT; default websocket)
  --trusted-proxies LIST  addresses and networks (CIDR) with commas between (TRUSTED_PROXIES)
  --data-dir DIR     where histories are kept, in SQLite (DATA_DIR; default: in memory); needs --allow-read=DIR
                     --allow-write=DIR --allow-sys=osUptime
  --tls-cert FILE    a certificate chain in PEM, for https and wss (TLS_CERT)
  --tls-key FILE     its private key in PEM (TLS_KEY); both need --allow-read
  --help             this text

A flag wins over its environment variable. Variables that begin with TROUPE_ are none of ours: they are refused.
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

const DRAIN_MS: Setting<number> = {
  flag: "drain-ms",
  variable: "DRAIN_MS",
  fallback: 1_000,
  schema: z.string().regex(/^\d{1,7}$/).transform(Number),
  accepted: "a whole number of milliseconds from 0 to 9999999",
};

const TRANSPORT: Setting<"websocket" | "ws"> = {
  flag: "transport",
  variable: "TRANSPORT",
  fallback: "websocket",
  schema: z.enum(["websocket", "ws"]),
  accepted: "websocket or ws",
};

const TRUSTED_PROXIES: Setting<readonly string[]> = {
  flag: "trusted-proxies",
  variable: "TRUSTED_PROXIES",
  fallback: [],
  schema: z.string().transform((text) => text.split(",").map((each) => each.trim()))
    .pipe(z.array(z.string().regex(/^[\da-f.:]+(?:\/\d{1,3})?$/i)).nonempty()),
  accepted: "addresses and networks with commas between, such as 127.0.0.1,10.0.0.0/8",
};

const DATA_DIR: Setting<string> = {
  flag: "data-dir",
  variable: "DATA_DIR",
  fallback: "",
  schema: z.string().min(1),
  accepted: "the path of a folder",
};

const TLS_CERT: Setting<string> = {
  flag: "tls-cert",
  variable: "TLS_CERT",
  fallback: "",
  schema: z.string().min(1),
  accepted: "the path of a certificate chain in PEM",
};

const TLS_KEY: Setting<string> = {
  flag: "tls-key",
  variable: "TLS_KEY",
  fallback: "",
  schema: z.string().min(1),
  accepted: "the path of a private key in PEM",
};

const SETTINGS = [HOST, PORT, LOG_LEVEL, DRAIN_MS, TRANSPORT, TRUSTED_PROXIES, DATA_DIR, TLS_CERT, TLS_KEY];
const FLAGS = SETTINGS.map(({ flag }) => flag);
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
    drainMs: valueOf(DRAIN_MS, flags, env),
    transport: valueOf(TRANSPORT, flags, env),
    trustedProxies: valueOf(TRUSTED_PROXIES, flags, env),
    dataDir: valueOf(DATA_DIR, flags, env),
    tlsCert: valueOf(TLS_CERT, flags, env),
    tlsKey: valueOf(TLS_KEY, flags, env),
  };
  const stranger = Object.keys(env.toObject?.() ?? {}).find((name) => name.startsWith("TROUPE_"));
  if (stranger !== undefined) {
    const accepted = SETTINGS.map(({ variable }) => variable).join(", ");
    throw refused(`There is no variable ${quote(stranger)}: accepted are ${accepted}`);
  }
  for (const arg of flags["--"] ?? []) surplus.push({ arg, key: undefined });
  if ((values.tlsCert === "") !== (values.tlsKey === "")) {
    const [given, missing] = values.tlsCert === "" ? [TLS_KEY, TLS_CERT] : [TLS_CERT, TLS_KEY];
    throw refused(
      `--${given.flag} goes with --${missing.flag} (or ${missing.variable}): ${missing.accepted}`,
    );
  }
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
