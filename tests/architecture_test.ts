import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Exception, EXCEPTIONS, LAYERS } from "./architecture/layers.ts";
import { readTrees, type SourceTree } from "./architecture/module_graph.ts";
import { check, format, type Violation } from "./architecture/rules.ts";

const ROOT = new URL("../", import.meta.url);
const FIXTURES = new URL("architecture/fixtures/", import.meta.url);
const SCRATCH = new URL(".tmp/", ROOT);

/** The files that deno.json's `exports` names, as paths in the tree. */
async function publicEntryPoints(): Promise<string[]> {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    exports: Record<string, string>;
  };
  return Object.values(exports).map((path) => path.replace(/^\.\//, ""));
}

Deno.test("the source keeps to the architecture", async () => {
  const [tree] = await readTrees([ROOT], SCRATCH);
  const rulebook = { layers: LAYERS, exceptions: EXCEPTIONS, entryPoints: await publicEntryPoints() };
  assertEquals(check(tree, rulebook).map(format), []);
});

Deno.test("every entry point of deno.json is a file", async () => {
  const [tree] = await readTrees([ROOT], SCRATCH);
  assertEquals((await publicEntryPoints()).filter((path) => !tree.has(path)), []);
});

/** What a fixture's check has to report: place, rule, what it is about, and a part of the message. */
type Expected = readonly [place: string, rule: Violation["rule"], about: string, message: string];

interface Fixture {
  /** The promise that it breaks. */
  readonly promise: string;
  readonly exceptions?: readonly Exception[];
  /** Default: every file of the tree, so that none is unreachable. */
  readonly entryPoints?: readonly string[];
  readonly expected: readonly Expected[];
}

const FIXTURE_TREES: Record<string, Fixture> = {
  clean: {
    promise: "a tree that keeps every rule breaks none",
    entryPoints: ["mod.ts", "src/server/main.ts", "src/testing/mod.ts"],
    exceptions: [
      { rule: "ban", file: "src/base/clock.ts", about: ["Date.now"], reason: "a port" },
      { rule: "ban", file: "src/actors/scheduler.ts", about: ["node:timers"], reason: "a port" },
    ],
    expected: [],
  },
  layer: {
    promise: "a layer imports nothing from above it",
    expected: [[
      "src/topics/topic.ts:1",
      "layer",
      "src/sessions/session.ts",
      "src/topics may import src/base, src/contract, src/actors, src/protocol/codec.ts",
    ]],
  },
  layer_of_types: {
    promise: "a layer imports no types from above it either",
    expected: [
      ["src/actors/cell.ts:2", "layer", "src/topics/topic.ts", "src/actors may import src/base"],
      ["src/actors/cell.ts:4", "layer", "src/topics/log.ts", "src/actors may import src/base"],
      ["src/actors/cell.ts:5", "layer", "src/topics/registry.ts", "src/actors may import src/base"],
    ],
  },
  layer_port_only: {
    promise: "where the table names one file of a folder, the others stay closed",
    expected: [["src/topics/topic.ts:1", "layer", "src/protocol/phoenix_v2.ts", "src/protocol/codec.ts"]],
  },
  layer_leaf: {
    promise: "the app imports no leaf",
    expected: [
      ["src/app/app.ts:1", "layer", "src/brokers/redis.ts", "src/app may import src/base"],
      ["src/app/app.ts:2", "layer", "src/transport/ws/ws.ts", "src/app may import src/base"],
    ],
  },
  layer_server: {
    promise: "the ready server imports public entry points only",
    entryPoints: ["mod.ts", "src/server/main.ts"],
    expected: [[
      "src/server/main.ts:2",
      "layer",
      "src/app/app.ts",
      "src/server may import the public entry points",
    ]],
  },
  layer_test_kit: {
    promise: "nothing imports the test kit, not even through its entry point",
    expected: [["src/server/main.ts:3", "layer", "src/testing/mod.ts", "is imported by tests only"]],
  },
  layer_unknown: {
    promise: "every folder has a row in the table",
    expected: [["src/widgets/widget.ts:1", "layer", "src/widgets/widget.ts", "the table knows src/base"]],
  },
  layer_outside: {
    promise: "the source imports nothing from outside of it",
    expected: [["src/base/log.ts:1", "layer", "kit.ts", "src/base may import nothing"]],
  },
  package: {
    promise: "an outside package is used where the table names it, and nowhere else",
    exceptions: [{ rule: "ban", file: "src/actors/cell.ts", reason: "another rule" }],
    expected: [
      [
        "src/actors/cell.ts:1",
        "package",
        "zod",
        "src/actors may use node:timers (in src/actors/scheduler.ts",
      ],
      ["src/actors/cell.ts:2", "package", "node:timers", "(in src/actors/scheduler.ts alone)"],
      ["src/base/errors.ts:1", "package", "node:buffer", "src/base may use nothing"],
      ["src/topics/topic.ts:1", "package", "@std/async/delay", "src/topics may use @std/async/abortable"],
      ["src/topics/topic.ts:2", "package", "zod", "src/topics may use @std/async/abortable"],
    ],
  },
  broken_import: {
    promise: "an import that leads nowhere is told",
    expected: [
      ["src/base/log.ts:1", "broken import", "./nowhere.ts", "name a file"],
      ["src/base/log.ts:2", "broken import", "@nobody/nothing", "a package in deno.json's imports"],
    ],
  },
  cycle: {
    promise: "no file imports itself on a way round",
    expected: [[
      "src/actors/cell.ts:1",
      "cycle",
      "src/actors/mailbox.ts",
      "src/actors/cell.ts → src/actors/mailbox.ts → src/actors/ref.ts → src/actors/cell.ts",
    ]],
  },
  cycle_of_types: {
    promise: "no cycle of types either",
    expected: [[
      "src/actors/cell.ts:3",
      "cycle",
      "src/actors/ref.ts",
      "src/actors/cell.ts → src/actors/ref.ts → src/actors/cell.ts",
    ]],
  },
  length: {
    promise: "a source file has at most 400 lines",
    expected: [["src/base/errors.ts:401", "length", "src/base/errors.ts", "has 401 lines: at most 400"]],
  },
  unreachable: {
    promise: "an entry point leads to every source file",
    entryPoints: ["mod.ts"],
    exceptions: [{ rule: "unreachable", file: "src/base/entry.ts", reason: "it is bundled" }],
    expected: [
      ["src/base/part.ts:1", "unreachable", "src/base/part.ts", "no entry point leads to it"],
      ["src/base/probe.ts:1", "unreachable", "src/base/probe.ts", "name it in deno.json's exports"],
    ],
  },
  ban: {
    promise: "time, randomness, scheduling and the console are used in their ports alone",
    exceptions: [{ rule: "package", file: "src/actors/modules.ts", reason: "another rule" }],
    expected: [
      ["src/actors/bare.ts:1", "ban", "Date.now", "src/base/clock.ts"],
      ["src/actors/bare.ts:2", "ban", "new Date()", "new Date(timestamp) is accepted"],
      ["src/actors/bare.ts:3", "ban", "Date", "use Date only as Date.member"],
      ["src/actors/bare.ts:4", "ban", "performance.now", "src/base/clock.ts"],
      ["src/actors/bare.ts:5", "ban", "Temporal.Now", "src/base/clock.ts"],
      ["src/actors/bare.ts:6", "ban", "Math.random", "src/base/random.ts"],
      ["src/actors/bare.ts:7", "ban", "crypto.randomUUID", "src/base/random.ts"],
      ["src/actors/bare.ts:8", "ban", "crypto.getRandomValues", "src/base/random.ts"],
      ["src/actors/bare.ts:9", "ban", "crypto.subtle", "settle in any order"],
      ["src/actors/bare.ts:10", "ban", "setTimeout", "src/base/clock.ts"],
      ["src/actors/bare.ts:11", "ban", "setInterval", "src/base/clock.ts"],
      ["src/actors/bare.ts:12", "ban", "setImmediate", "src/actors/scheduler.ts"],
      ["src/actors/bare.ts:13", "ban", "queueMicrotask", "src/actors/scheduler.ts"],
      ["src/actors/bare.ts:14", "ban", "process.nextTick", "src/actors/scheduler.ts"],
      ["src/actors/bare.ts:15", "ban", "AbortSignal.timeout", "src/base/clock.ts"],
      ["src/actors/bare.ts:16", "ban", "console.log", "src/base/log.ts"],
      ["src/actors/bare.ts:17", "ban", "Deno.cron", "src/base/clock.ts"],
      ["src/actors/modules.ts:1", "ban", "node:timers", "src/actors/scheduler.ts"],
      ["src/actors/modules.ts:2", "ban", "node:timers/promises", "src/base/clock.ts"],
      ["src/actors/modules.ts:3", "ban", "node:timers", "src/actors/scheduler.ts"],
      ["src/actors/modules.ts:4", "ban", "node:process", "src/actors/scheduler.ts"],
      ["src/actors/modules.ts:5", "ban", "node:perf_hooks", "src/base/clock.ts"],
      ["src/actors/modules.ts:6", "ban", "node:console", "src/base/log.ts"],
      ["src/actors/modules.ts:7", "ban", "node:crypto", "only createHash, createHmac and timingSafeEqual"],
      ["src/actors/modules.ts:8", "ban", "node:crypto", "only createHash, createHmac and timingSafeEqual"],
      ["src/actors/modules.ts:12", "ban", "import(…)", "so that the module graph shows it"],
      ["src/actors/roundabout.ts:1", "ban", "setTimeout", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:2", "ban", "crypto", "src/base/random.ts"],
      ["src/actors/roundabout.ts:3", "ban", "Date.now", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:4", "ban", "Math.random", "src/base/random.ts"],
      ["src/actors/roundabout.ts:5", "ban", "Math.random", "src/base/random.ts"],
      ["src/actors/roundabout.ts:6", "ban", "Math.random", "src/base/random.ts"],
      ["src/actors/roundabout.ts:7", "ban", "Math.random", "src/base/random.ts"],
      ["src/actors/roundabout.ts:8", "ban", "performance", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:9", "ban", "setTimeout", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:10", "ban", "console", "src/base/log.ts"],
      ["src/actors/roundabout.ts:11", "ban", "Date.now", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:12", "ban", "Date", "use Date only as Date.member"],
      ["src/actors/roundabout.ts:13", "ban", "globalThis", "use globalThis only as globalThis.member"],
      ["src/actors/roundabout.ts:14", "ban", "Math[…]", "name the member"],
      ["src/actors/roundabout.ts:15", "ban", "Date[…]", "name the member"],
      ["src/actors/roundabout.ts:16", "ban", "new Date()", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:17", "ban", "Deno.cron", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:19", "ban", "Date.now", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:20", "ban", "setInterval", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:21", "ban", "queueMicrotask", "src/actors/scheduler.ts"],
      ["src/actors/roundabout.ts:23", "ban", "Date", "use Date only as Date.member"],
      ["src/actors/roundabout.ts:24", "ban", "Date.now", "src/base/clock.ts"],
      ["src/actors/roundabout.ts:30", "ban", "console.log", "src/base/log.ts"],
      ["src/protocol/codec.ts:1", "ban", "Deno", "runs in browsers too"],
    ],
  },
};

const fixtureTrees = (() => {
  let reading: Promise<ReadonlyMap<string, SourceTree>> | undefined;
  const read = async (): Promise<ReadonlyMap<string, SourceTree>> => {
    const names = Object.keys(FIXTURE_TREES);
    const trees = await readTrees(names.map((name) => new URL(`${name}/`, FIXTURES)), SCRATCH);
    return new Map(names.map((name, i) => [name, trees[i]]));
  };
  return () => (reading ??= read());
})();

for (const [name, { promise, exceptions = [], entryPoints, expected }] of Object.entries(FIXTURE_TREES)) {
  Deno.test(`architecture: ${promise} (${name})`, async () => {
    const tree = (await fixtureTrees()).get(name) as SourceTree;
    const found = check(tree, { layers: LAYERS, exceptions, entryPoints: entryPoints ?? [...tree.keys()] });
    assertEquals(
      found.map(({ file, line, rule, about }) => [`${file}:${line}`, rule, about]),
      expected.map(([place, rule, about]) => [place, rule, about]),
    );
    for (const [i, [, , , message]] of expected.entries()) assertStringIncludes(format(found[i]), message);
  });
}

Deno.test("architecture: an exception that nothing needs is told", async () => {
  const tree = (await fixtureTrees()).get("clean") as SourceTree;
  const exceptions: Exception[] = [
    { rule: "ban", file: "src/base/clock.ts", about: ["Date.now", "setTimeout"], reason: "a port" },
    { rule: "ban", file: "src/actors/", about: ["node:timers"], reason: "a whole folder" },
    { rule: "length", file: "src/app/app.ts", reason: "it was long once" },
  ];
  const found = check(tree, { layers: LAYERS, exceptions, entryPoints: [...tree.keys()] });
  assertEquals(found.map(({ file, rule, about }) => [file, rule, about]), [
    ["src/app/app.ts", "stale exception", "length"],
    ["src/base/clock.ts", "stale exception", "setTimeout"],
  ]);
});

Deno.test("architecture: every fixture tree is checked", () => {
  const folders = [...Deno.readDirSync(FIXTURES)].filter((entry) => entry.isDirectory).map(({ name }) =>
    name
  );
  assertEquals(folders.sort(), Object.keys(FIXTURE_TREES).sort());
});
