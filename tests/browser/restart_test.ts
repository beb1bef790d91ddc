import { assertEquals } from "@std/assert";
import { withFolder } from "../client/bundle.ts";
import { slowTestWith } from "../optional.ts";
import { Member } from "../server/member.ts";
import { ServerProcess } from "../server/server_process.ts";
import { Cable } from "./cable.ts";
import { Chromium } from "./chromium.ts";
import { PageServer } from "./page_server.ts";
import { Visitor } from "./visitor.ts";

const RESET = "[Connected again. The room’s history was reset: what you missed cannot be shown.]";
const RECOVERED = "[Connected again. Nothing is missing.]";

/** A server at `port`, with its rooms in `folder`; in memory without one. */
function startServer(port: number, folder?: string): Promise<ServerProcess> {
  const args = ["--port", String(port)];
  if (folder === undefined) return ServerProcess.start(args);
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`, "--allow-sys=osUptime"];
  return ServerProcess.start([...args, "--data-dir", folder], {}, permissions);
}

/** What a visitor's page shows who was cut off, for whom somebody has said something, and whose server was then killed. */
async function beKilled(executable: string, folder?: string): Promise<string[]> {
  await using chromium = await Chromium.launch(executable);
  await using first = await startServer(0, folder);
  await using cable = new Cable(first.port);
  const ada = new Visitor(await chromium.open(cable.url));
  await ada.join("Ada");
  await ada.say("before");
  await ada.hears("You", "before");
  cable.cut();
  await ada.sees("Reconnecting…");
  const grace = new Member(first.url, "room:lobby", { nickname: "Grace" });
  await grace.join();
  await grace.push("say", { text: "meanwhile" });
  await grace.disconnect();
  await ada.say("while it was away");
  await first.end("SIGKILL");
  await using second = await startServer(first.port, folder);
  cable.mend();
  await ada.sees("Connected");
  await ada.hears("You", "while it was away");
  assertEquals(await ada.page.locator("#unsent li").count(), 0);
  await ada.seesPeople(1);
  // Who comes new is shown what this server knows, and is told nothing of a restart.
  const linus = new Visitor(await chromium.open(second.url));
  await linus.join("Linus");
  await linus.hears("Ada", "while it was away");
  const known = folder === undefined ? [] : ["before", "meanwhile"];
  assertEquals(await linus.lines(), ["[Earlier messages]", ...known, "while it was away"]);
  assertEquals(chromium.faults, []);
  return await ada.lines();
}

slowTestWith(
  "chromium",
  "a server that is killed and started again loses nothing that it keeps in a folder",
  async (path) => {
    await withFolder(async (folder) => {
      assertEquals(await beKilled(path, folder), ["before", RECOVERED, "meanwhile", "while it was away"]);
    });
  },
);

slowTestWith(
  "chromium",
  "a server that keeps its rooms in memory says that they were reset",
  async (path) => {
    assertEquals(await beKilled(path), ["before", RESET, "while it was away"]);
  },
);

slowTestWith(
  "chromium",
  "a message whose answer is lost is known to have arrived when it comes back",
  async (path) => {
    let onSay = (): void => {};
    await using server = new PageServer(1_000, {
      middleware: [{ name: "watch", message: (_, { event }) => event === "say" ? onSay() : undefined }],
    });
    await using cable = new Cable(server.port);
    await using chromium = await Chromium.launch(path);
    const ada = new Visitor(await chromium.open(cable.url));
    await ada.join("Ada");
    await ada.say("one");
    await ada.hears("You", "one");
    onSay = () => cable.cut();
    await ada.say("two");
    await ada.page.getByRole("button", { name: "Send again" }).waitFor();
    await ada.say("three");
    onSay = () => {};
    cable.mend();
    await ada.hears("You", "three");
    assertEquals(await ada.lines(), ["one", RECOVERED, "two", "three"]);
    assertEquals(await ada.page.locator("#unsent li").count(), 0);
    assertEquals(chromium.faults, []);
  },
);
