import { assert, assertEquals, assertInstanceOf, assertObjectMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../mod.ts";
import { type Config, HELP, readConfig } from "../../src/server/config.ts";
import { anyCodePoint } from "../code_point.ts";

function read(args: readonly string[], env: Record<string, string> = {}): Config | "help" {
  return readConfig(args, { get: (name) => env[name] });
}

/** That these settings are so, whatever else there is. */
function assertHolds(config: Config | "help", expected: Partial<Config>): void {
  assertObjectMatch(config as unknown as Record<string, unknown>, expected);
}

function refusal(args: readonly string[], env: Record<string, string> = {}): string {
  try {
    read(args, env);
  } catch (error) {
    assertInstanceOf(error, TroupeError);
    assertEquals(error.code, "bad_argument");
    return error.message;
  }
  throw new Error(`${JSON.stringify([args, env])} was accepted`);
}

Deno.test("without flags and variables the defaults hold", () => {
  assertHolds(read([]), { host: "127.0.0.1", port: 8000, logLevel: "info" });
});

Deno.test("variables are read", () => {
  const env = { HOST: "0.0.0.0", PORT: "0", LOG_LEVEL: "debug" };
  assertHolds(read([], env), { host: "0.0.0.0", port: 0, logLevel: "debug" });
});

Deno.test("a flag wins over its variable", () => {
  const env = { HOST: "0.0.0.0", PORT: "1", LOG_LEVEL: "debug" };
  const args = ["--host", "::1", "--port=2", "--log-level", "error"];
  assertHolds(read(args, env), { host: "::1", port: 2, logLevel: "error" });
});

Deno.test("a flag wins over a variable that would be refused", () => {
  assertHolds(read(["--port", "9"], { PORT: "nine" }), { host: "127.0.0.1", port: 9, logLevel: "info" });
});

Deno.test("an empty variable counts as not set", () => {
  const env = { HOST: "", PORT: "", LOG_LEVEL: "" };
  assertHolds(read([], env), { host: "127.0.0.1", port: 8000, logLevel: "info" });
});

Deno.test("a leading -- as task runners pass on is skipped", () => {
  assertHolds(read(["--", "--port", "9"]), { host: "127.0.0.1", port: 9, logLevel: "info" });
});

Deno.test("the level may be in capitals", () => {
  assertHolds(read([], { LOG_LEVEL: "WARN" }), { host: "127.0.0.1", port: 8000, logLevel: "warn" });
});

for (const host of ["localhost", "chat.example", "10.0.0.1", "::", "fe80::1%eth0", "::ffff:10.0.0.1"]) {
  Deno.test(`${host} is a host`, () => {
    assertHolds(read(["--host", host]), { host, port: 8000, logLevel: "info" });
  });
}

Deno.test("--help asks for the help, whatever else is there", () => {
  assertEquals(read(["--help", "--port", "x", "y"]), "help");
  for (const name of ["--host", "HOST", "--port", "PORT", "--log-level", "LOG_LEVEL", "--help"]) {
    assertStringIncludes(HELP, name);
  }
});

const FLAGS =
  "accepted are --host, --port, --log-level, --drain-ms, --transport, --trusted-proxies, --data-dir, --tls-cert, --tls-key and --help";
const HOSTS = "accepted is a host name or an IP address, such as 127.0.0.1, 0.0.0.0 or ::1";
const PORTS = "accepted is a whole number from 0 to 65535; 0 picks a free port";
const LEVELS = "accepted is debug, info, warn or error";

const REFUSED: readonly (readonly [args: readonly string[], env: Record<string, string>, message: string])[] =
  [
    [["--prot", "9"], {}, `There is no flag "--prot": ${FLAGS}`],
    [["--prot=9"], {}, `There is no flag "--prot": ${FLAGS}`],
    [["--no-help"], {}, `There is no flag "--no-help": ${FLAGS}`],
    [["--_=1"], {}, `There is no flag "--_": ${FLAGS}`],
    [["--__proto__=1"], {}, `There is no flag "--__proto__": ${FLAGS}`],
    [["-p", "9"], {}, `There is no flag "-p": ${FLAGS}`],
    [["8000"], {}, `There is no argument "8000": ${FLAGS}`],
    [["--port", "1", "serve"], {}, `There is no argument "serve": ${FLAGS}`],
    [["--port", "1", "--", "--host"], {}, `There is no argument "--host": ${FLAGS}`],
    [["--port"], {}, `--port has no value: ${PORTS}`],
    [["--port="], { PORT: "1" }, `--port has no value: ${PORTS}`],
    [["--port", "--host", "::"], {}, `--port has no value: ${PORTS}`],
    [["--port=-1"], {}, `--port cannot be "-1": ${PORTS}`],
    [["--port=65536"], {}, `--port cannot be "65536": ${PORTS}`],
    [["--port=80.5"], {}, `--port cannot be "80.5": ${PORTS}`],
    [["--port=0x50"], {}, `--port cannot be "0x50": ${PORTS}`],
    [["--port=http"], {}, `--port cannot be "http": ${PORTS}`],
    [[], { PORT: "1e3" }, `PORT cannot be "1e3": ${PORTS}`],
    [["--host"], {}, `--host has no value: ${HOSTS}`],
    [["--host", "http://localhost"], {}, `--host cannot be "http://localhost": ${HOSTS}`],
    [["--host", "localhost:80"], {}, `--host cannot be "localhost:80": ${HOSTS}`],
    [["--host", "[::1]"], {}, `--host cannot be "[::1]": ${HOSTS}`],
    [[], { HOST: "a b" }, `HOST cannot be "a b": ${HOSTS}`],
    [[], { HOST: "a\nb" }, `HOST cannot be "a\\nb": ${HOSTS}`],
    [["--log-level", "loud"], {}, `--log-level cannot be "loud": ${LEVELS}`],
    [["--log-level"], {}, `--log-level has no value: ${LEVELS}`],
    [[], { LOG_LEVEL: "trace" }, `LOG_LEVEL cannot be "trace": ${LEVELS}`],
    [["--port", "9".repeat(100)], {}, `--port cannot be "${"9".repeat(59)}…": ${PORTS}`],
  ];

for (const [args, env, message] of REFUSED) {
  const given = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...args].join(" ");
  Deno.test(`it is refused with what is accepted: ${JSON.stringify(given.slice(0, 40))}`, () => {
    assertEquals(refusal(args, env), message);
  });
}

Deno.test("whatever the arguments are, the answer is a configuration, the help, or one line", () => {
  const word = fc.oneof(
    fc.string({ unit: anyCodePoint }),
    fc.constantFrom(
      "--",
      "-",
      "--port",
      "--host",
      "--help",
      "--log-level",
      "--port=",
      "--x.y",
      "-x=1",
      "---",
    ),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (args) => {
    try {
      const config = read(args);
      assert(config === "help" || (config.port >= 0 && config.port <= 65_535));
    } catch (error) {
      assertInstanceOf(error, TroupeError);
      assert(error.message.length > 0 && !error.message.includes("\n"));
    }
  }));
});

Deno.test("a drain takes a second unless DRAIN_MS or --drain-ms says otherwise", () => {
  assertHolds(read([]), { drainMs: 1_000 });
  assertHolds(read([], { DRAIN_MS: "250" }), { drainMs: 250 });
  assertHolds(read(["--drain-ms", "0"], { DRAIN_MS: "250" }), { drainMs: 0 });
  assertStringIncludes(refusal(["--drain-ms", "1s"]), '--drain-ms cannot be "1s"');
});

Deno.test("a certificate and its key go together, from flags or variables", () => {
  assertHolds(read([]), { tlsCert: "", tlsKey: "" });
  assertHolds(read(["--tls-cert", "c.pem"], { TLS_KEY: "k.pem" }), { tlsCert: "c.pem", tlsKey: "k.pem" });
  assertEquals(
    refusal([], { TLS_KEY: "k.pem" }),
    "--tls-key goes with --tls-cert (or TLS_CERT): the path of a certificate chain in PEM",
  );
});

Deno.test("the transport is websocket, or what the flag or TRANSPORT say, and nothing else", () => {
  assertHolds(read([]), { transport: "websocket" });
  assertHolds(read([], { TRANSPORT: "ws" }), { transport: "ws" });
  assertHolds(read(["--transport", "websocket"], { TRANSPORT: "ws" }), { transport: "websocket" });
  assertStringIncludes(refusal(["--transport", "udp"]), "accepted is websocket or ws");
});

Deno.test("a variable that looks like ours and is none is named", () => {
  const message =
    'There is no variable "TROUPE_PORT": accepted are HOST, PORT, LOG_LEVEL, DRAIN_MS, TRANSPORT, ' +
    "TRUSTED_PROXIES, DATA_DIR, TLS_CERT, TLS_KEY";
  const env = { HOME: "/home/somebody", TROUPE_PORT: "9" };
  try {
    readConfig([], { get: (name) => (env as Record<string, string>)[name], toObject: () => env });
  } catch (error) {
    assertInstanceOf(error, TroupeError);
    assertEquals([error.code, error.message], ["bad_argument", message]);
    return;
  }
  throw new Error("it was accepted");
});

Deno.test("proxies are a list", () => {
  assertHolds(read(["--trusted-proxies", "127.0.0.1, 10.0.0.0/8"]), {
    trustedProxies: ["127.0.0.1", "10.0.0.0/8"],
  });
  assertStringIncludes(refusal([], { TRUSTED_PROXIES: "localhost" }), "such as 127.0.0.1,10.0.0.0/8");
});
