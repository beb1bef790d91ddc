import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Clock } from "../../src/actors/mod.ts";
import { streamLogger } from "../../src/server/logging.ts";

const CLOCK: Clock = {
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  elapsedMs: () => 0,
  setTimer: () => 0,
  clearTimer() {},
};

/** A stream that takes a few bytes at a time. */
class Recorder {
  readonly #bytes: number[] = [];
  readonly #terminal: boolean;

  constructor(terminal: boolean) {
    this.#terminal = terminal;
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  writeSync(bytes: Uint8Array): number {
    const some = bytes.subarray(0, 7);
    this.#bytes.push(...some);
    return some.length;
  }

  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.#bytes));
  }
}

Deno.test("a log line is one JSON object where nobody looks at a terminal", () => {
  const stream = new Recorder(false);
  const logger = streamLogger("info", stream, CLOCK);
  logger.log("warn", "a {braced} text\nin two lines", { port: 1, name: "Zoë" });
  logger.log("info", "bare");
  const lines = stream.text.split("\n");
  assertEquals(lines.length, 3);
  assertEquals(JSON.parse(lines[0]), {
    "@timestamp": "2026-01-02T03:04:05.006Z",
    level: "WARN",
    message: "a {braced} text\nin two lines",
    logger: "troupe",
    properties: { port: 1, name: "Zoë" },
  });
  assertEquals(JSON.parse(lines[1]).message, "bare");
  assertEquals(lines[2], "");
});

Deno.test("an error among the fields keeps its message and its stack", () => {
  const stream = new Recorder(false);
  streamLogger("info", stream, CLOCK).log("error", "crashed", { error: new TypeError("boom") });
  const { error } = JSON.parse(stream.text).properties;
  assertEquals([error.name, error.message], ["TypeError", "boom"]);
  assertMatch(error.stack, /boom/);
});

Deno.test("lines below the level are left out", () => {
  const stream = new Recorder(false);
  const logger = streamLogger("warn", stream, CLOCK);
  for (const level of ["debug", "info", "warn", "error"] as const) logger.log(level, level);
  const levels = stream.text.trim().split("\n").map((line) => JSON.parse(line).level);
  assertEquals(levels, ["WARN", "ERROR"]);
});

Deno.test("fields that JSON cannot hold cost the line its fields alone", () => {
  const stream = new Recorder(false);
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  streamLogger("info", stream, CLOCK).log("info", "round", { circle, big: 1n });
  assertEquals(JSON.parse(stream.text).message, "round");
});

Deno.test("a line is made for people on a terminal", () => {
  const stream = new Recorder(true);
  streamLogger("info", stream, CLOCK).log("info", "listening", { port: 8000 });
  assertStringIncludes(stream.text, "listening");
  assertStringIncludes(stream.text, "8000");
  assert(stream.text.endsWith("\n") && !stream.text.startsWith("{"));
});

Deno.test("a stream that has gone away is no fault of the one who logs", () => {
  const stream = {
    isTerminal: () => false,
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  streamLogger("info", stream, CLOCK).log("error", "unheard");
});
