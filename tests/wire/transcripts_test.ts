import { assert, assertEquals, assertRejects } from "@std/assert";
import { differences, later } from "./differences.ts";
import { type App, type AppOptions, longpoll, sse } from "../../mod.ts";
import { ws } from "../../src/transport/ws/mod.ts";
import { referenceApp } from "./reference_app.ts";
import { type On, replay } from "./replay.ts";
import { playAlone } from "./stage.ts";
import { parseTranscripts } from "./transcript.ts";

const scenarios = parseTranscripts(await Deno.readTextFile(new URL("transcripts.txt", import.meta.url)));

/** The same scenarios, whatever the WebSocket is made of. Nobody answers pings there. */
const STAGES: readonly { readonly on: On; readonly makeApp: (options: AppOptions) => App }[] = [
  { on: "websocket", makeApp: referenceApp },
  {
    on: "ws",
    makeApp: (options) => referenceApp({ ...options, transports: [ws({ pingMs: 0 }), longpoll(), sse()] }),
  },
];

for (const { on, makeApp } of STAGES) {
  for (const scenario of scenarios) {
    if (scenario.id === "SIGTERM") continue;
    const reason = later[scenario.id];
    const rows = differences.filter((row) => row.scenario === scenario.id && (row.on ?? on) === on);
    Deno.test({
      name: `Transcript ${scenario.id}, ${on}: ${scenario.title}${
        reason === undefined ? "" : ` (later: ${reason})`
      }`,
      ignore: reason !== undefined,
      fn: () => playAlone(scenario, rows, makeApp),
    });
  }
}

Deno.test("Transcript SIGTERM: the server closes with 1012 and ends with code 0", async () => {
  const scenario = scenarios.find(({ id }) => id === "SIGTERM")!;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("reference_app.ts", import.meta.url).pathname, "--port", "0"],
    stdout: "piped",
  }).spawn();
  const { port, rest } = await portOf(process.stdout);
  await replay(
    scenario,
    { port, notes: { "SIGTERM to the server": () => process.kill("SIGTERM") } },
    differences.filter((row) => row.scenario === scenario.id),
  );
  assertEquals((await process.status).code, 0);
  await rest.cancel();
});

Deno.test("Transcripts: every row of the differences has a scenario", () => {
  const ids = new Set(scenarios.map(({ id }) => id));
  for (const { scenario } of differences) assert(ids.has(scenario), `there is no scenario ${scenario}`);
  for (const scenario of Object.keys(later)) assert(ids.has(scenario), `there is no scenario ${scenario}`);
});

Deno.test("Transcripts: a difference without a row fails", async () => {
  const [crash] = scenarios.filter(({ id }) => id === "38");
  await assertRejects(() => playAlone(crash), Error, "channel_crash");
});

Deno.test("Transcripts: a row that is not needed fails", async () => {
  const [echo] = scenarios.filter(({ id }) => id === "16");
  const { number, source } = echo.lines.find(({ kind }) => kind === "expect")!;
  const row = { scenario: "16", line: number, reason: "none" };
  await assertRejects(
    () => playAlone(echo, [{ ...row, phoenix: source, ours: [source] }]),
    Error,
    "not needed",
  );
  const other = 'A < TEXT ["1","1","room:hello","phx_reply",{"response":{},"status":"ok"}]';
  await assertRejects(() => playAlone(echo, [{ ...row, phoenix: source, ours: [other] }]), Error, "you_sent");
  await assertRejects(() => playAlone(echo, [{ ...row, phoenix: other, ours: [] }]), Error, "quotes");
  await assertRejects(
    () => playAlone(echo, [{ ...row, line: 99, phoenix: null, ours: [other] }]),
    Error,
    "99",
  );
  await assertRejects(
    () => playAlone(echo, [{ ...row, phoenix: source, ours: [] }]),
    Error,
    "nobody expects",
  );
});

/** Reads the port from the line that the reference app prints. */
async function portOf(
  stdout: ReadableStream<Uint8Array>,
): Promise<{ port: number; rest: ReadableStreamDefaultReader<Uint8Array> }> {
  const rest = stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (true) {
    const { value, done } = await rest.read();
    if (done) throw new Error(`the reference app has ended: ${text}`);
    text += decoder.decode(value, { stream: true });
    const port = /:(\d+)\n/.exec(text);
    if (port !== null) return { port: Number(port[1]), rest };
  }
}
