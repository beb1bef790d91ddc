/**
 * The architecture as data: who may import what, where time, randomness and scheduling may be touched, which files
 * nobody imports on purpose. `ARCHITECTURE.md` tells why; `rules.ts` and `bans.ts` enforce it.
 *
 * @module
 */

/** Stands in {@link Layer.may} for every file that `exports` in deno.json names. */
export const ENTRY_POINTS = "the public entry points";
/** Stands in {@link Layer.may} for every other layer. */
export const EVERYTHING = "everything";

/** An outside package (a bare name, `node:` included) that a layer may import; with `onlyIn`, in that file alone. */
export type Package = string | { readonly name: string; readonly onlyIn: string };

/** One row of the table. */
export interface Layer {
  /** A folder, or one file. A file belongs to the row with the longest `at` that holds it. */
  readonly at: string;
  /** The rows (by their `at`) and single files that it may import, beside itself. Types count. */
  readonly may: readonly string[];
  /** The packages that it may import: `@std/http` allows `@std/http/cookie` too. */
  readonly packages: readonly Package[];
}

// The other modules of std/async keep time of their own, which no virtual clock can hold.
const TIMELESS_ASYNC = "@std/async/abortable";

/** Imports only point down. A leaf is imported by nobody but the user, the ready server and the test kit. */
export const LAYERS: readonly Layer[] = [
  { at: "src/base", may: [], packages: [] },
  { at: "src/contract", may: ["src/base"], packages: [] },
  { at: "src/protocol", may: ["src/base"], packages: [] },
  {
    at: "src/actors",
    may: ["src/base"],
    packages: [
      { name: "node:timers", onlyIn: "src/actors/scheduler.ts" },
      "@std/data-structures",
      TIMELESS_ASYNC,
    ],
  },
  {
    at: "src/topics",
    may: [
      "src/base",
      "src/contract",
      "src/actors",
      "src/protocol/codec.ts",
      "src/protocol/frame.ts",
      "src/protocol/payload.ts", // what is kept is encoded once, for the log and the wires
      "src/protocol/textual.ts",
      "src/protocol/turn.ts",
    ],
    packages: [TIMELESS_ASYNC],
  },
  {
    at: "src/presence",
    may: ["src/base", "src/contract", "src/topics/extension.ts"],
    packages: [TIMELESS_ASYNC],
  },
  {
    at: "src/sessions",
    may: ["src/base", "src/contract", "src/actors", "src/protocol", "src/topics", "src/presence"],
    packages: [TIMELESS_ASYNC],
  },
  {
    at: "src/transport",
    may: ["src/base", "src/protocol", "src/sessions/socket.ts"],
    packages: ["@std/http", TIMELESS_ASYNC],
  },
  {
    at: "src/http",
    may: ["src/base", "src/actors"],
    packages: [
      "@std/http",
      "ipaddr.js",
      TIMELESS_ASYNC,
      { name: "node:crypto", onlyIn: "src/http/hmac_signer.ts" },
      { name: "node:buffer", onlyIn: "src/http/hmac_signer.ts" },
    ],
  },
  {
    at: "src/auth",
    may: [
      "src/base",
      "src/http/middleware.ts",
      "src/http/hmac_signer.ts",
      "src/http/origin.ts",
      "src/http/credentials.ts",
    ],
    packages: ["jose", "@std/http", TIMELESS_ASYNC],
  },
  {
    at: "src/app",
    may: [
      "src/base",
      "src/contract",
      "src/protocol",
      "src/actors",
      "src/topics",
      "src/presence",
      "src/sessions",
      "src/transport",
      "src/http",
      "src/auth",
    ],
    packages: ["zod", TIMELESS_ASYNC],
  },
  {
    at: "mod.ts",
    may: [
      "src/base",
      "src/contract",
      "src/protocol",
      "src/actors",
      "src/topics",
      "src/presence",
      "src/sessions",
      "src/transport",
      "src/http",
      "src/auth",
      "src/app",
    ],
    packages: [],
  },

  // Leaves. Those that implement a port import the port's file, not its folder.
  {
    at: "src/transport/ws",
    may: [
      "src/base",
      "src/transport/transport.ts",
      "src/transport/serve.ts",
      "src/transport/handshake.ts",
      "src/transport/closings.ts",
      "src/sessions/socket.ts",
      "src/protocol/frame.ts",
      "src/protocol/turn.ts",
      "src/protocol/close_codes.ts",
    ],
    packages: [
      "ws",
      "node:http",
      "node:https",
      "node:net",
      "node:stream",
      "node:buffer",
      { name: "node:zlib", onlyIn: "src/transport/ws/framing.ts" },
    ],
  },
  {
    at: "src/brokers",
    may: ["src/base", "src/topics/broker.ts"],
    packages: ["@redis/client", "@nats-io", "@std/async"],
  },
  {
    at: "src/stores",
    may: [
      "src/base",
      "src/topics/log.ts",
      "src/topics/log_options.ts",
      "src/topics/log_topics.ts",
      "src/actors/journal.ts",
      "src/auth/store.ts",
    ],
    packages: ["node:sqlite", { name: "node:zlib", onlyIn: "src/stores/sqlite_tables.ts" }, "@std/async"],
  },
  {
    at: "src/telemetry",
    may: ["src/base/probe.ts", "src/base/inspect.ts"],
    packages: ["@opentelemetry/api", "prom-client"],
  },
  {
    at: "src/dashboard",
    may: ["src/base/probe.ts", "src/base/inspect.ts", ENTRY_POINTS],
    packages: [],
  },
  {
    at: "src/asyncapi",
    may: ["src/base/errors.ts", "src/contract"],
    packages: ["zod", { name: "@std/cli", onlyIn: "src/asyncapi/command_line.ts" }],
  },
  {
    at: "src/client",
    may: ["src/base", "src/contract", "src/protocol"],
    packages: ["phoenix", { name: "ws", onlyIn: "src/client/node.ts" }],
  },
  {
    at: "src/server",
    may: [ENTRY_POINTS, "src/server/page"],
    packages: ["zod", "@std/cli", "@std/async", "@logtape"],
  },
  // Browser code: it is bundled, and comes into the server as text.
  {
    at: "src/server/page",
    may: ["src/base/clock.ts", "src/base/errors.ts", "src/contract", "src/client"],
    packages: [],
  },
  {
    at: "src/testing",
    may: [EVERYTHING],
    packages: ["@std/assert", { name: "zod", onlyIn: "src/testing/sim/contracts.ts" }],
  },
];

/** The layer that no other may import, not even through its entry point. */
export const TEST_KIT = "src/testing";

/** Folders that run in browsers too: nothing of `Deno` there. */
export const BROWSER_SAFE: readonly string[] = [
  "src/base",
  "src/contract",
  "src/protocol",
  "src/client",
  "src/server/page",
];

/** The most lines that a source file has. */
export const MAX_LINES = 400;

/** A deviation that is meant. One that nothing needs any more is an error too. */
export interface Exception {
  /** The rule that it lifts. */
  readonly rule: "layer" | "package" | "ban" | "unreachable" | "length";
  /** The file, or, with a `/` at its end, every file of the folder. */
  readonly file: string;
  /** What exactly is let through: the imported file or package, or the banned name; every one if left out. */
  readonly about?: readonly string[];
  /** Why. */
  readonly reason: string;
}

/** Every deviation there is. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: "unreachable",
    file: "src/testing/simulator.ts",
    reason:
      "the entry of deno task sim: it takes the globals of its process, so that no user's test may import it",
  },
  {
    rule: "ban",
    file: "src/testing/sim/globals.ts",
    reason: "puts what is banned out of the reach of the code that it runs",
  },
  {
    rule: "ban",
    file: "src/base/clock.ts",
    about: ["Date.now", "performance.now", "setTimeout"],
    reason: "the port of time",
  },
  {
    rule: "ban",
    file: "src/base/random.ts",
    about: ["Math.random", "crypto.randomUUID"],
    reason: "the port of randomness",
  },
  { rule: "ban", file: "src/actors/scheduler.ts", about: ["node:timers"], reason: "the port of scheduling" },
  {
    rule: "ban",
    file: "src/asyncapi/main.ts",
    about: ["import(…)"],
    reason: "the command imports the module of the user's that it is given; none of ours is imported so",
  },
  {
    rule: "unreachable",
    file: "src/server/page/main.ts",
    reason: "the entry of the browser bundle: the server imports what deno task bundle makes of it",
  },
];
