/// <reference lib="dom" />

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { slowTestWith } from "../optional.ts";
import { Member } from "../server/member.ts";
import { ServerProcess } from "../server/server_process.ts";
import { Chromium } from "./chromium.ts";
import { Visitor } from "./visitor.ts";

/** Names of all the colours that the page has for names. */
const NICKNAMES = ["Niklaus", "Grace", "Linus", "Edsger", "Vint", "Robin"];

/** Every visible text with less contrast than WCAG 2.2, success criterion 1.4.3, asks for: 4.5 to 1. */
function poorContrasts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Rgba = [red: number, green: number, blue: number, alpha: number];
    const parse = (color: string): Rgba => {
      const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g)!.map(Number);
      return [red, green, blue, alpha];
    };
    const luminance = (rgb: Rgba): number => {
      const [red, green, blue] = rgb.slice(0, 3).map((each) => each / 255).map((each) =>
        each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4
      );
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const background = (element: Element | null): Rgba => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor);
        if (color[3] === 1) return color;
      }
      return [255, 255, 255, 1];
    };
    const contrast = (a: Rgba, b: Rgba): number => {
      const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
      return (light + 0.05) / (dark + 0.05);
    };
    const poor: string[] = [];
    const judge = (element: Element, color: string, text: string): void => {
      const ratio = contrast(parse(color), background(element));
      if (ratio < 4.5) poor.push(`${text.trim()}: ${ratio.toFixed(2)}`);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement!;
      if (node.textContent!.trim() === "" || !element.checkVisibility()) continue;
      judge(element, getComputedStyle(element).color, node.textContent!);
    }
    for (const field of document.querySelectorAll("input, textarea")) {
      if (!field.checkVisibility()) continue;
      judge(field, getComputedStyle(field).color, "a field");
      judge(field, getComputedStyle(field, "::placeholder").color, "a placeholder");
    }
    return poor;
  });
}

/** Whether the focused element shows that it is. */
function showsFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
}

async function usedByKeyboard(chromium: Chromium, server: ServerProcess): Promise<void> {
  const ada = new Visitor(await chromium.open(server.url));
  const { page } = ada;
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement!.id);
  assertEquals(await focused(), "nickname");
  assert(await showsFocus(page));
  await page.keyboard.type("Ada");
  await page.keyboard.press("Tab");
  assertEquals([await focused(), await showsFocus(page)], ["room", true]);
  await page.keyboard.press("Tab");
  assert(await showsFocus(page));
  await page.keyboard.press("Enter");
  await ada.sees("Connected");
  assertEquals([await focused(), await showsFocus(page)], ["text", true]);
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await page.locator("#messages .text").filter({ hasText: "first line" }).waitFor();
  assertEquals(await page.locator("#messages .text").innerText(), "first line\nsecond line");
  assertEquals([await focused(), await ada.text.inputValue()], ["text", ""]);
  await page.keyboard.press("Shift+Tab");
  assertEquals([await focused(), await showsFocus(page)], ["log", true]);
  await page.keyboard.press("Shift+Tab");
  assertEquals([await focused(), await showsFocus(page)], ["leave", true]);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Join" }).waitFor();
  assertEquals(await focused(), "nickname");
}

async function hasNames(chromium: Chromium, server: ServerProcess): Promise<void> {
  const ada = new Visitor(await chromium.open(server.url));
  const { page } = ada;
  const outline = (): Promise<string> => page.locator("body").ariaSnapshot();
  const form = await outline();
  for (
    const part of [
      "- banner:",
      '- heading "Troupe" [level=1]',
      "- main:",
      '- region "Join the conversation":',
      '- heading "Join the conversation" [level=2]',
      '- textbox "Your name"',
      '- textbox "Room": lobby',
      '- button "Join"',
    ]
  ) assertStringIncludes(form, part);
  await ada.join("Ada");
  await ada.say("hello");
  await ada.hears("You", "hello");
  const chat = await outline();
  for (
    const part of [
      `- 'heading "Troupe #lobby" [level=1]'`,
      "- status: Connected",
      '- button "Leave"',
      '- region "Chat":',
      '- log "Messages":',
      "- listitem:",
      "- paragraph: You",
      "- paragraph: hello",
      '- textbox "Message"',
      '- button "Send"',
    ]
  ) assertStringIncludes(chat, part);
  const nameless = await page.locator("button, input, textarea, img:not([alt])").evaluateAll((elements) =>
    elements.filter((element) =>
      element instanceof HTMLImageElement ||
      (element instanceof HTMLButtonElement
        ? element.textContent!.trim() === ""
        : (element as HTMLInputElement).labels!.length === 0)
    ).map(({ outerHTML }) => outerHTML)
  );
  assertEquals(nameless, []);
  const ids = await page.locator("[id]").evaluateAll((elements) => elements.map(({ id }) => id));
  assertEquals(ids.length, new Set(ids).size);
  assertEquals(await page.locator("html").getAttribute("lang"), "en");
}

async function fitsPhones(chromium: Chromium, server: ServerProcess): Promise<void> {
  const ada = new Visitor(
    await chromium.open(`${server.url}?room=phone`, {
      viewport: { width: 320, height: 560 },
      hasTouch: true,
      isMobile: true,
    }),
  );
  const { page } = ada;
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assertEquals(await overflow(), 0);
  await ada.join("W".repeat(40));
  await ada.say(`A word without a break: ${"w".repeat(300)}`);
  await page.locator("#messages .text").waitFor();
  const linus = new Member(server.url, "room:phone", { nickname: "V".repeat(40) });
  await linus.join();
  await linus.push("say", { text: "w".repeat(300) });
  await ada.seesPeople(2);
  await page.locator(".theirs .text").waitFor();
  await linus.disconnect();
  assertEquals(await overflow(), 0);
  assert(await page.locator("#log").evaluate((log) => log.scrollWidth <= log.clientWidth));
  // WCAG 2.2, success criterion 2.5.8: 24 by 24 CSS pixels.
  for (const button of await page.getByRole("button").all()) {
    const box = await button.boundingBox();
    assert(box !== null && box.width >= 24 && box.height >= 24);
    assert(box.x >= 0 && box.x + box.width <= 320 && box.y + box.height <= 560);
  }
}

async function hasContrast(chromium: Chromium, server: ServerProcess): Promise<void> {
  const visitors: Visitor[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    const visitor = new Visitor(await chromium.open(`${server.url}?room=contrast`, { colorScheme }));
    assertEquals(await poorContrasts(visitor.page), []);
    await visitor.join("Ada");
    assertEquals(await poorContrasts(visitor.page), []);
    visitors.push(visitor);
  }
  for (const nickname of NICKNAMES) {
    const member = new Member(server.url, "room:contrast", { nickname });
    await member.join();
    await member.push("say", { text: "hello" });
    for (const visitor of visitors) await visitor.hears(nickname, "hello");
    await member.disconnect();
  }
  for (const visitor of visitors) {
    await visitor.say("mine");
    await visitor.hears("You", "mine");
    // Behind a reload all of it is earlier, which looks different.
    await visitor.page.reload();
    await visitor.sees("Connected");
    await visitor.page.locator(".earlier.mine").first().waitFor();
    await visitor.page.locator(".earlier.theirs").first().waitFor();
    assertEquals(await poorContrasts(visitor.page), []);
  }
  server.signal("SIGSTOP");
  for (const visitor of visitors) await visitor.say("lost");
  await server.end("SIGKILL");
  for (const visitor of visitors) {
    await visitor.page.getByRole("button", { name: "Send again" }).waitFor();
    await visitor.say("waits");
    const hues = await visitor.page.locator(".theirs").evaluateAll((items) =>
      new Set(items.map((item) => /hue-\d/.exec(item.className)![0])).size
    );
    assertEquals(hues, NICKNAMES.length);
    assertEquals(await poorContrasts(visitor.page), []);
  }
}

slowTestWith("chromium", "the chat page is for everybody", async (path, t) => {
  await using server = await ServerProcess.start();
  await using chromium = await Chromium.launch(path);
  await t.step(
    "the page is used by keyboard alone, and focus is always seen",
    () => usedByKeyboard(chromium, server),
  );
  await t.step(
    "the page has landmarks, headings, and a name for everything",
    () => hasNames(chromium, server),
  );
  await t.step(
    "the page fits the narrowest phone, and its targets are large enough",
    () => fitsPhones(chromium, server),
  );
  // The last one: it ends the server.
  await t.step(
    "every text has a contrast of 4.5 to 1 or more, in light and dark",
    () => hasContrast(chromium, server),
  );
  assertEquals(chromium.faults, []);
});
