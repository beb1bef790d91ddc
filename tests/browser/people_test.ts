import { assertEquals } from "@std/assert";
import { slowTestWith } from "../optional.ts";
import { Chromium } from "./chromium.ts";
import { PageServer } from "./page_server.ts";
import { Visitor } from "./visitor.ts";

slowTestWith("chromium", "two visitors see each other come and go", async (path) => {
  await using server = new PageServer();
  await using chromium = await Chromium.launch(path);
  const ada = new Visitor(await chromium.open(server.url));
  await ada.join("Ada");
  await ada.seesPeople(1);
  assertEquals((await ada.people()).names, ["Ada"]);
  const grace = new Visitor(await chromium.open(server.url));
  await grace.join("Grace");
  for (const visitor of [ada, grace]) await visitor.seesPeople(2);
  // One's own name comes first.
  assertEquals((await ada.people()).names, ["Ada", "Grace"]);
  assertEquals((await grace.people()).names, ["Grace", "Ada"]);

  await grace.page.getByRole("button", { name: "Leave" }).click();
  await ada.seesPeople(1);
  assertEquals((await ada.people()).names, ["Ada"]);
  await grace.join("Grace Hopper");
  await ada.seesPeople(2);
  assertEquals((await ada.people()).names, ["Ada", "Grace Hopper"]);
  // A page that is simply closed has left, too.
  await grace.page.context().close();
  await ada.seesPeople(1);
  assertEquals(chromium.faults, []);
});

slowTestWith(
  "chromium",
  "two people of one name are one name, which is here until both have gone",
  async (path) => {
    await using server = new PageServer();
    await using chromium = await Chromium.launch(path);
    const grace = new Visitor(await chromium.open(server.url));
    await grace.join("Grace");
    const adas: Visitor[] = [];
    for (let i = 0; i < 2; i++) {
      const ada = new Visitor(await chromium.open(server.url));
      await ada.join("Ada");
      await ada.seesPeople(2);
      adas.push(ada);
    }
    // Each has said what the other has said, too, and knows what is its own.
    await adas[0].say("I am Ada");
    await adas[0].hears("You", "I am Ada");
    await adas[1].hears("Ada", "I am Ada");
    await adas[0].page.context().close();
    await adas[1].say("so am I");
    await grace.hears("Ada", "so am I");
    assertEquals((await grace.people()).names, ["Grace", "Ada"]);
    await adas[1].page.context().close();
    await grace.seesPeople(1);
    assertEquals(chromium.faults, []);
  },
);

slowTestWith("chromium", "who is put out is told why, and can come back", async (path) => {
  await using server = new PageServer();
  await using chromium = await Chromium.launch(path);
  const ada = new Visitor(await chromium.open(server.url));
  await ada.join("Ada");
  await ada.seesPeople(1);
  const [{ id: connection }] = [...server.app.connections];
  server.app.topics.kick({ connection }, "room:lobby", "the theatre closes");
  await ada.page.getByRole("alert").filter({ hasText: "The room was closed: the theatre closes." }).waitFor();
  assertEquals(server.app.topics.members("room:lobby").length, 0);
  await ada.join("Ada");
  await ada.seesPeople(1);
  assertEquals(chromium.faults, []);
});
