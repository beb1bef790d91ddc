// The command as its users run it: a process of its own.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { HELP } from "../../src/asyncapi/command_line.ts";
import { asyncapi } from "../../src/asyncapi/main.ts";
import app from "../../examples/room.ts";
import type { AnyContract } from "../../src/contract/define_topic.ts";
import { parsed } from "./official.ts";

const ROOT = new URL("../../", import.meta.url);
const MODULES = "tests/asyncapi/modules";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "src/asyncapi/main.ts", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("examples/room.ts: what is printed is what asyncapi() gives, and valid by the official parser", async () => {
  const { code, stdout, stderr } = await run("examples/room.ts");
  assertEquals([code, stderr], [0, ""]);
  const contracts = app.contracts.filter((topic): topic is AnyContract => topic.definition !== null);
  const document = asyncapi(contracts, { title: "room", version: "0.0.0" });
  assertEquals(stdout, `${JSON.stringify(document, null, 2)}\n`);
  await parsed(stdout);
  assertEquals(document.channels["room.id"].address, "room:{id}");
  assertEquals(
    Object.entries(document.operations).map((
      [name, { action, reply }],
    ) => [name, action, reply !== undefined]),
    [
      ["room.id.join", "receive", true],
      ["room.id.client.say", "receive", true],
      ["room.id.client.draw", "receive", true],
      ["room.id.server.said", "send", false],
      ["room.id.server.drawn", "send", false],
    ],
  );
});

Deno.test("topics without a contract are left out, and named on stderr", async () => {
  const { code, stdout, stderr } = await run(`${MODULES}/untyped.ts`, "--title", "Feeds", "--version", "2");
  assertEquals([code, stderr], [0, "left out: echo has no contract\nleft out: feed:* has no contract\n"]);
  const { info, channels } = JSON.parse(stdout);
  assertEquals([info.title, info.version, Object.keys(channels)], ["Feeds", "2", ["room.id"]]);
});

Deno.test("a module that listens when it is imported does not keep the command", async () => {
  const { code, stdout } = await run(`${MODULES}/listening.ts`);
  assertEquals([code, Object.keys(JSON.parse(stdout).channels)], [0, ["room.id"]]);
});

Deno.test("a schema that is not zod's: an error without --json-schema, a document with it", async () => {
  const { code, stdout, stderr } = await run(`${MODULES}/by_hand.ts`);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, 'Cannot describe server.noted of the topic "notes"');
  assertStringIncludes(stderr, "--json-schema FILE");
  const helped = await run(`${MODULES}/by_hand.ts`, "--json-schema", `${MODULES}/by_hand_json_schema.ts`);
  assertEquals([helped.code, helped.stderr], [0, ""]);
  const { messages } = JSON.parse(helped.stdout).channels.notes;
  assertEquals(messages["server.noted"].payload, { type: "string" });
});

Deno.test("what is wrong is told in one line on stderr, with the exit code 1", async () => {
  const faults: [string[], string][] = [
    [[], "There is no module: accepted are"],
    [
      [`${MODULES}/date.ts`],
      'Cannot describe server.logged of the topic "log", as the server sends it: at at: Date',
    ],
    [[`${MODULES}/failing.ts`], `Cannot import ${MODULES}/failing.ts: no way\n`],
    [[`${MODULES}/none.ts`], `Cannot import ${MODULES}/none.ts: `],
    [
      [`${MODULES}/by_hand_json_schema.ts`],
      `There is no contract in ${MODULES}/by_hand_json_schema.ts: accepted is`,
    ],
    [
      [`${MODULES}/by_hand.ts`, "--json-schema", `${MODULES}/by_hand.ts`],
      "has no function as its default export",
    ],
    [
      ["examples/steady.ts"],
      "There is no contract in examples/steady.ts, only topics without one (prices:{market})",
    ],
  ];
  for (const [args, fault] of faults) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stdout, stderr.split("\n").length], [1, "", 2], stderr);
    assertStringIncludes(stderr, fault);
  }
});

Deno.test("--help prints what can be said", async () => {
  assertEquals(await run("--help"), { code: 0, stdout: HELP, stderr: "" });
});
