/**
 * `deno task soak`: thousands of clients that come and go, publish, read slowly and hang half open, and a server that is
 * killed again and again. Whatever happens, everybody has to get everything that was promised, once and in order; the
 * server's memory has to stay as it is, and all has to be given back when everybody has left. Linux only.
 *
 * - `--seconds 60`: for how long, beside the time that all need to connect
 * - `--connections 5000`: how many
 * - `--seed 1`: fixes who does what, and when servers end
 * - `--patience 60`: how long nothing may happen before those who wait are called faults, in seconds
 * - `--fault forget|skip|double|leak|handles`: a fault of the server's, which has to be found
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { machine } from "../bench/machine.ts";
import { print } from "./print.ts";
import { soak, type SoakOrder } from "./run.ts";
import type { Fault } from "./server.ts";

/** Files that a process needs: a socket for each client, some that hang, and a few more. */
const filesFor = (connections: number): number => Math.ceil(connections * 1.3) + 200;

/** How many files a process may open. */
function maxFiles(): number {
  const line = /^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"));
  return Number(line?.[1] ?? 0);
}

function number(name: string, value: unknown, accepted: string, fits: (value: number) => boolean): number {
  const given = Number(value);
  if (fits(given)) return given;
  console.error(`--${name} is ${value}. Accepted: ${accepted}`);
  Deno.exit(2);
}

const FAULTS: readonly Fault[] = ["forget", "skip", "double", "leak", "handles"];

const args = parseArgs(Deno.args, {
  string: ["seconds", "connections", "seed", "patience", "fault"],
  default: { seconds: "60", connections: "5000", seed: "1", patience: "60" },
});
if (args.fault !== undefined && !FAULTS.includes(args.fault as Fault)) {
  console.error(`--fault is ${args.fault}. Accepted: ${FAULTS.join(", ")}`);
  Deno.exit(2);
}
const order: SoakOrder = {
  seconds: number("seconds", args.seconds, "1 or more", (value) => value >= 1),
  connections: number("connections", args.connections, "a whole number, 20 or more", (value) => {
    return Number.isSafeInteger(value) && value >= 20;
  }),
  seed: number("seed", args.seed, "a whole number", Number.isSafeInteger),
  patienceMs: 1_000 * number("patience", args.patience, "seconds, 1 or more", (value) => value >= 1),
  fault: args.fault as Fault | undefined,
};
if (maxFiles() < filesFor(order.connections)) {
  console.error(
    `Cannot hold ${order.connections} connections: a process may open ${maxFiles()} files here, and needs ` +
      `${filesFor(order.connections)}. Raise it (ulimit -n), or use --connections`,
  );
  Deno.exit(2);
}
const folder = Deno.makeTempDirSync({ prefix: "troupe-soak-" });
try {
  console.log(`${machine()}\n${order.connections} connections for ${order.seconds} s, seed ${order.seed}\n`);
  const report = await soak(order, `${folder}/soak.db`);
  print(report);
  Deno.exitCode = report.faultCount > 0 ? 1 : 0;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
