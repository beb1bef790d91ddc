import { assert, assertEquals } from "@std/assert";
import { slowTestWith } from "../optional.ts";
import { Member } from "../server/member.ts";
import { Cable } from "./cable.ts";
import { Chromium } from "./chromium.ts";
import { PageServer } from "./page_server.ts";
import { Visitor } from "./visitor.ts";

const texts = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`);

/** Somebody without a page says all of that, one after the other. */
async function sayAll(server: PageServer, said: readonly string[]): Promise<void> {
  const grace = new Member(server.url, "room:lobby", { nickname: "Grace" });
  await grace.join();
  for (const text of said) await grace.push("say", { text });
  await grace.disconnect();
}

slowTestWith(
  "chromium",
  "who comes sees the newest messages that are kept, marked as earlier",
  async (path) => {
    await using server = new PageServer();
    await using chromium = await Chromium.launch(path);
    await sayAll(server, texts("before", 60));
    const ada = new Visitor(await chromium.open(server.url));
    await ada.join("Ada");
    await ada.hears("Grace", "before 60");
    assertEquals(await ada.lines(), ["[Earlier messages]", ...texts("before", 60).slice(10)]);
    assertEquals(await ada.page.locator("#messages .earlier").count(), 50);
    // The newest one is in sight, and what is old is not read out.
    await ada.page.getByText("before 60", { exact: true }).waitFor();
    const log = ada.page.getByRole("log");
    assert(await log.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2));
    assertEquals(await log.getAttribute("aria-live"), "off");

    await ada.say("hello");
    await ada.hears("You", "hello");
    assertEquals((await ada.lines()).slice(-3), ["before 60", "[Since you came]", "hello"]);
    assertEquals(await ada.page.locator("#messages .earlier").count(), 50);
    assertEquals(await log.getAttribute("aria-live"), "polite");

    // After a reload all of it is earlier, and what one has said is still one's own.
    await ada.page.reload();
    await ada.sees("Connected");
    await ada.hears("You", "hello");
    assertEquals((await ada.lines()).slice(-2), ["before 60", "hello"]);
    assertEquals(chromium.faults, []);
  },
);

slowTestWith(
  "chromium",
  "who was cut off gets what was said meanwhile, once, in order, and stays where they had scrolled to",
  async (path) => {
    await using server = new PageServer();
    await using cable = new Cable(server.port);
    await using chromium = await Chromium.launch(path);
    await sayAll(server, texts("before", 40));
    const ada = new Visitor(await chromium.open(cable.url));
    await ada.join("Ada");
    await ada.hears("Grace", "before 40");
    const log = ada.page.getByRole("log");
    await log.evaluate((element) => element.scrollTo(0, 300));
    cable.cut();
    await ada.sees("Reconnecting…");
    await ada.page.getByRole("heading", { name: "1 was here" }).waitFor();
    await sayAll(server, texts("meanwhile", 30));
    cable.mend();
    await ada.isTold("Connected again. Nothing is missing.");
    assertEquals(await log.getAttribute("aria-live"), "polite");
    await ada.hears("Grace", "meanwhile 30");
    assertEquals(
      (await ada.lines()).slice(-32),
      [
        "[Since you came]",
        ...texts("meanwhile", 30),
      ].toSpliced(0, 0, "[Connected again. Nothing is missing.]"),
    );
    assertEquals(await log.evaluate((element) => element.scrollTop), 300);
    await ada.page.getByRole("button", { name: "New messages" }).waitFor();
    assertEquals(chromium.faults, []);
  },
);

slowTestWith(
  "chromium",
  "who was away for longer than messages are kept is told how many were missed",
  async (path) => {
    await using server = new PageServer(20);
    await using cable = new Cable(server.port);
    await using chromium = await Chromium.launch(path);
    const ada = new Visitor(await chromium.open(cable.url));
    await ada.join("Ada");
    await ada.say("mine");
    await ada.hears("You", "mine");
    cable.cut();
    await ada.sees("Reconnecting…");
    await sayAll(server, texts("meanwhile", 53));
    cable.mend();
    await ada.isTold("You missed 33 messages.");
    await ada.hears("Grace", "meanwhile 53");
    assertEquals(await ada.lines(), [
      "mine",
      "[Connected again.]",
      "[You missed 33 messages.]",
      ...texts("meanwhile", 53).slice(33),
    ]);
    assertEquals(chromium.faults, []);
  },
);
