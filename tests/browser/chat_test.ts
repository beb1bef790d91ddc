import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { slowTestWith, testWith } from "../optional.ts";
import { Member } from "../server/member.ts";
import { ServerProcess } from "../server/server_process.ts";
import { Chromium } from "./chromium.ts";
import { Visitor } from "./visitor.ts";

/** What a test of the page works with. */
interface Stage {
  /** The room of this test. */
  readonly room: string;
  /** Opens the page for one more visitor; by default, in the room of this test. */
  visit(path?: string): Promise<Visitor>;
  /** Has somebody else join the room of this test, without a page. */
  enter(nickname: string): Promise<Member>;
}

const PAGE_TESTS: [name: string, fn: (stage: Stage) => Promise<void>][] = [];

/** A test of the page, in a room of its own: a real server, a real browser, and no complaint of the page's. */
function pageTest(name: string, fn: (stage: Stage) => Promise<void>): void {
  PAGE_TESTS.push([name, fn]);
}

// The one test in a browser that every run has: the others are slow ones.
testWith("chromium", "two pages exchange messages", async (path) => {
  await using server = await ServerProcess.start();
  await using chromium = await Chromium.launch(path);
  const [ada, grace] = [
    new Visitor(await chromium.open(server.url)),
    new Visitor(await chromium.open(server.url)),
  ];
  await ada.join("Ada");
  await grace.join("Grace");
  await ada.say("Is anybody there?");
  await grace.hears("Ada", "Is anybody there?");
  await ada.hears("You", "Is anybody there?");
  await grace.text.pressSequentially("I am");
  await ada.page.getByText("Grace is typing…").waitFor();
  await grace.text.press("Enter");
  await ada.hears("Grace", "I am");
  await grace.hears("You", "I am");
  await ada.page.getByText("Grace is typing…").waitFor({ state: "detached" });
  const time = ada.page.locator("#messages time").first();
  assertMatch(await time.getAttribute("datetime") ?? "", /^\d{4}-\d\d-\d\dT/);
  assertEquals(chromium.faults, []);
});

slowTestWith(
  "chromium",
  "pages survive a restart of the server: they come back, and nothing written is lost",
  async (path) => {
    await using first = await ServerProcess.start();
    await using chromium = await Chromium.launch(path);
    const ada = new Visitor(await chromium.open(first.url));
    const grace = new Visitor(await chromium.open(first.url));
    await ada.join("Ada");
    await grace.join("Grace");
    await ada.say("before");
    await grace.hears("Ada", "before");
    await ada.text.fill("half a thought");
    await first.end();
    await ada.sees("Reconnecting…");
    await grace.sees("Reconnecting…");
    await grace.say("while it was away");
    await grace.page.getByText("Not sent yet: waits for the connection").waitFor();

    await using _second = await ServerProcess.start(["--port", String(first.port)]);
    await ada.sees("Connected");
    await grace.sees("Connected");
    await grace.hears("You", "while it was away");
    assertEquals(await grace.page.locator("#unsent li").count(), 0);
    await ada.page.getByText("Connected again.").waitFor();
    assertEquals(await ada.text.inputValue(), "half a thought");
    await ada.text.press("Enter");
    await grace.hears("Ada", "half a thought");
    await grace.say("after");
    await ada.hears("Grace", "after");
    assertEquals(chromium.faults, []);
  },
);

slowTestWith(
  "chromium",
  "a message whose answer never came is shown as such, and can be sent again",
  async (path) => {
    await using first = await ServerProcess.start();
    await using chromium = await Chromium.launch(path);
    const ada = new Visitor(await chromium.open(first.url));
    await ada.join("Ada");
    first.signal("SIGSTOP");
    await ada.say("one");
    await ada.page.getByText("Sending…").waitFor();
    await ada.say("two");
    await first.end("SIGKILL");
    const doubts = ada.page.getByText("The connection broke: this may not have arrived");
    await doubts.nth(2).waitFor({ state: "attached" }); // two messages, and the alert
    await using _second = await ServerProcess.start(["--port", String(first.port)]);
    await ada.sees("Connected");
    await ada.page.reload();
    await ada.sees("Connected");
    await ada.page.getByRole("button", { name: "Discard" }).last().click();
    await ada.page.getByRole("button", { name: "Send again" }).click();
    await ada.hears("You", "one");
    assertEquals(await ada.page.locator("#unsent li").count(), 0);
    assertEquals(await ada.page.locator("#messages .message").count(), 1);
    assertEquals(chromium.faults, []);
  },
);

pageTest("a reload keeps the room, the name and what was typed", async ({ visit, room }) => {
  const ada = await visit();
  await ada.join("Ada");
  await ada.text.fill("half a thought");
  await ada.page.reload();
  await ada.sees("Connected");
  assertEquals(await ada.text.inputValue(), "half a thought");
  assertStringIncludes(await ada.page.getByRole("heading", { level: 1 }).innerText(), `#${room}`);
  await ada.text.press("Enter");
  await ada.hears("You", "half a thought");
  assertEquals(await ada.page.locator("#me").innerText(), "Ada");
});

pageTest("the address names the room, by ?room= or by #", async ({ visit }) => {
  for (const [path, room] of [["?room=the%20den", "the den"], ["#caf%C3%A9", "café"], ["?room=a:b", "a-b"]]) {
    const visitor = await visit(path);
    assertEquals(await visitor.page.getByLabel("Room", { exact: true }).inputValue(), room);
  }
});

pageTest("whoever gives no name is told the one that was given", async ({ visit }) => {
  const visitor = await visit();
  await visitor.join("");
  assertMatch(await visitor.page.locator("#me").innerText(), /^\w+ \w+ [0-9a-f]{2}$/);
});

pageTest("a name that the server refuses leads back to the form, which says why", async ({ visit }) => {
  const visitor = await visit();
  const name = visitor.page.getByLabel("Your name");
  await name.evaluate((field) => field.removeAttribute("maxlength"));
  await name.fill("a".repeat(41));
  await name.press("Enter");
  await visitor.page.getByRole("alert").filter({ hasText: "You cannot join: nickname: " }).waitFor();
  await visitor.page.keyboard.press("Control+A");
  await visitor.page.keyboard.type("Ada\n");
  await visitor.sees("Connected");
});

pageTest("what people write stays text", async ({ visit, enter, room }) => {
  const visitor = await visit();
  await visitor.join("Ada");
  const nickname = `<img src=x onerror="document.title='owned'">`.slice(0, 40);
  const text = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  const mallory = await enter(nickname);
  await mallory.push("typing");
  await visitor.page.getByText(`${nickname} is typing…`).waitFor();
  await mallory.push("say", { text });
  await visitor.hears(nickname, text);
  assertEquals(await visitor.page.locator("main img, main script").count(), 0);
  assertEquals(await visitor.page.title(), `#${room} · Troupe chat`);
});

pageTest("the list of messages is bounded, and keeps the newest", async ({ visit, enter }) => {
  const visitor = await visit();
  await visitor.join("Ada");
  const grace = await enter("Grace");
  await Promise.all(Array.from({ length: 520 }, (_, i) => grace.push("say", { text: `message ${i}` })));
  await visitor.hears("Grace", "message 519");
  assertEquals(await visitor.page.locator("#messages li").count(), 500);
  assertStringIncludes(await visitor.page.locator("#messages li").first().innerText(), "message 20");
});

pageTest("who has scrolled up is left there, and told of new messages", async ({ visit, enter }) => {
  const visitor = await visit();
  await visitor.join("Ada");
  const grace = await enter("Grace");
  for (let i = 0; i < 40; i++) await grace.push("say", { text: `message ${i}` });
  await visitor.hears("Grace", "message 39");
  const toNewest = visitor.page.getByRole("button", { name: "New messages" });
  assertEquals(await toNewest.isVisible(), false);
  const log = visitor.page.getByRole("log");
  await log.evaluate((element) => element.scrollTo(0, 0));
  await grace.push("say", { text: "down here" });
  await toNewest.click();
  await toNewest.waitFor({ state: "hidden" });
  await visitor.page.getByText("down here").waitFor();
  assertEquals(await log.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2), true);
});

pageTest("leaving leads back to the form, with the name remembered over visits", async ({ visit }) => {
  const ada = await visit();
  await ada.join("Ada");
  await ada.page.getByRole("button", { name: "Leave" }).click();
  const name = ada.page.getByLabel("Your name");
  await name.waitFor();
  assertEquals(await name.inputValue(), "Ada");
  const again = await ada.page.context().newPage();
  await again.goto(ada.page.url());
  assertEquals(await again.getByLabel("Your name").inputValue(), "Ada");
});

slowTestWith("chromium", "the chat page, in a real browser against the real server", async (path, t) => {
  await using server = await ServerProcess.start();
  await using chromium = await Chromium.launch(path);
  for (const [index, [name, fn]] of PAGE_TESTS.entries()) {
    const room = `test-${index}`;
    const members: Member[] = [];
    const visitors: Visitor[] = [];
    await t.step(name, async () => {
      await fn({
        room,
        async visit(path = `?room=${room}`) {
          const visitor = new Visitor(await chromium.open(new URL(path, server.url).href));
          visitors.push(visitor);
          return visitor;
        },
        async enter(nickname) {
          const member = new Member(server.url, `room:${room}`, { nickname });
          members.push(member);
          await member.join();
          return member;
        },
      });
      assertEquals(chromium.faults.splice(0), []);
    });
    await Promise.all(members.map((member) => member.disconnect()));
    await Promise.all(visitors.map(({ page }) => page.context().close()));
  }
});
