import { assertEquals } from "@std/assert";
import { slowTestWith } from "../optional.ts";
import { Chromium } from "./chromium.ts";
import { PageServer } from "./page_server.ts";
import { Visitor } from "./visitor.ts";

slowTestWith(
  "chromium",
  "two tabs show the same room over one connection, and one goes on without the other",
  async (path) => {
    await using server = new PageServer();
    const { app } = server;
    await using chromium = await Chromium.launch(path);
    const first = new Visitor(await chromium.open(server.url));
    await first.join("Ada");
    await first.say("one");
    await first.hears("You", "one");
    const second = new Visitor(await chromium.openTab(first.page.context(), server.url));
    await second.join("Ada");
    await second.hears("You", "one"); // it was said here, if not in this tab
    assertEquals([app.connections.size, app.topics.members("room:lobby").length], [1, 1]);

    await second.say("two");
    for (const tab of [first, second]) await tab.hears("You", "two");
    for (const tab of [first, second]) {
      await tab.seesPeople(1);
      assertEquals((await tab.lines()).filter((line) => !line.startsWith("[")), ["one", "two"]);
    }
    // A third one, in another room: the same connection.
    const attic = new Visitor(await chromium.openTab(first.page.context(), `${server.url}?room=attic`));
    await attic.join("Ada");
    assertEquals([app.connections.size, app.topics.members("room:attic").length], [1, 1]);

    const grace = new Visitor(await chromium.open(server.url));
    await grace.join("Grace");
    await grace.seesPeople(2);
    await first.page.close();
    await second.say("three");
    await grace.hears("Ada", "three");
    await grace.say("four");
    await second.hears("Grace", "four");
    assertEquals((await second.lines()).filter((line) => !line.startsWith("[")), [
      "one",
      "two",
      "three",
      "four",
    ]);
    assertEquals((await grace.people()).names, ["Grace", "Ada"]);
    await second.sees("Connected");
    assertEquals(app.connections.size, 2);
    await second.page.close();
    await grace.seesPeople(1);
    await attic.page.close();
    assertEquals(chromium.faults, []);
  },
);

slowTestWith("chromium", "two names in one browser are two people, each with a connection", async (path) => {
  await using server = new PageServer();
  await using chromium = await Chromium.launch(path);
  const ada = new Visitor(await chromium.open(server.url));
  await ada.join("Ada");
  const grace = new Visitor(await chromium.openTab(ada.page.context(), server.url));
  await grace.join("Grace");
  for (const visitor of [ada, grace]) await visitor.seesPeople(2);
  assertEquals(server.app.connections.size, 2);
  await ada.say("hello");
  await grace.page.locator("#messages .text", { hasText: "hello" }).waitFor();
  assertEquals(chromium.faults, []);
});
