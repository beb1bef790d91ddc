// C10: two tabs of Chromium, one connection at the server; by a shared worker, and by a tab that leads.
import { assertEquals } from "@std/assert";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { z } from "zod";
import { App, defineTopic, type Listening } from "../../../mod.ts";
import { ARGS } from "../../browser/chromium.ts";
import { slowTestWith } from "../../optional.ts";
import { bundle, withFolder } from "../bundle.ts";

const Board = defineTopic("board:{id}", {
  client: { add: { payload: z.object({ text: z.string() }) } },
  server: { added: z.object({ text: z.string() }) },
  requests: { who: { reply: z.object({ tab: z.string() }) } },
  state: {
    schema: z.array(z.string()),
    initial: [],
    apply: { added: (state, { text }) => [...state, text] },
  },
});

interface Facts {
  readonly drops: number;
  readonly status: string;
  readonly state: string[] | null;
  readonly heard: string[];
  readonly offset: number | null;
}

/** What `programs/tabs.ts` puts on `window`. */
interface PageApi {
  add(text: string): Promise<unknown>;
  facts(): Facts;
  leave(): Promise<void>;
}

function boardApp(files: ReadonlyMap<string, string>): App {
  const app: App = new App({
    limits: { graceMs: 60_000 },
    authenticate: () => ({ id: "ada" }),
    fallback(request) {
      const { pathname } = new URL(request.url);
      const script = files.get(pathname);
      if (script !== undefined) {
        return new Response(script, { headers: { "content-type": "text/javascript" } });
      }
      const html =
        `<!doctype html><title>tabs</title><link rel="icon" href="data:,"><script type="module" src="/tabs.js"></script>`;
      return new Response(html, { headers: { "content-type": "text/html" } });
    },
  });
  return app.topic(Board, {
    history: { size: 100, ttlMs: 60_000 },
    on: { add: (ctx, { text }) => ctx.broadcast("added", { text }) },
  });
}

const facts = (page: Page): Promise<Facts> =>
  page.evaluate(() => (globalThis as unknown as { page: PageApi }).page.facts());
const add = (page: Page, text: string): Promise<unknown> =>
  page.evaluate((given) => (globalThis as unknown as { page: PageApi }).page.add(given), text);
const hasState = (page: Page, ...state: string[]): Promise<unknown> =>
  page.waitForFunction(
    (expected) => {
      const { page } = globalThis as unknown as { page?: PageApi };
      const now = page?.facts();
      return now?.status === "joined" && JSON.stringify(now.state) === expected;
    },
    JSON.stringify(state),
  );

/** Whether a tab has lost its connection more often than `before`. */
const hasDropped = (page: Page, before: number): Promise<unknown> =>
  page.waitForFunction(
    (count) => (globalThis as unknown as { page: PageApi }).page.facts().drops > count,
    before,
  );

async function scenario(mode: string, app: App, server: Listening, context: BrowserContext): Promise<void> {
  const faults: string[] = [];
  context.on("weberror", (error) => faults.push(error.error().message));
  const open = async (tab: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/?mode=${mode}&tab=${tab}`);
    return page;
  };
  const a = await open("a");
  await hasState(a);
  await add(a, "1");
  const b = await open("b");
  await hasState(b, "1");
  await add(b, "2");
  await add(a, "3");
  await Promise.all([hasState(a, "1", "2", "3"), hasState(b, "1", "2", "3")]);
  assertEquals((await facts(a)).heard, ["1", "2", "3"]);
  assertEquals((await facts(b)).heard, ["2", "3"]);
  assertEquals(app.connections.size, 1, "two tabs, one connection at the server");
  assertEquals(app.topics.members("board:1").length, 1);
  // What the server asks is answered once.
  const [{ user }] = [...app.connections];
  assertEquals(await app.request({ user: user.id }, "board:1", "who", {}), { tab: "b" });

  // The connection breaks: it breaks for both, and both come back to one, and have missed nothing.
  const drops = await Promise.all([a, b].map(async (page) => (await facts(page)).drops));
  app.disconnect({ user: user.id });
  await Promise.all([a, b].map((page, i) => hasDropped(page, drops[i])));
  app.broadcast("board:1", "added", { text: "4" });
  await Promise.all([hasState(a, "1", "2", "3", "4"), hasState(b, "1", "2", "3", "4")]);
  assertEquals([(await facts(a)).heard, (await facts(b)).heard], [["1", "2", "3", "4"], ["2", "3", "4"]]);
  assertEquals(app.connections.size, 1);

  // The tab that was there first goes: the other goes on.
  await a.close();
  app.broadcast("board:1", "added", { text: "5" });
  await hasState(b, "1", "2", "3", "4", "5");
  await add(b, "6");
  const c = await open("c");
  await Promise.all([hasState(b, "1", "2", "3", "4", "5", "6"), hasState(c, "1", "2", "3", "4", "5", "6")]);
  assertEquals((await facts(b)).heard, ["2", "3", "4", "5", "6"]);
  assertEquals(app.connections.size, 1);
  await b.close();
  await add(c, "7");
  await hasState(c, "1", "2", "3", "4", "5", "6", "7");
  await c.close();
  assertEquals(faults, []);
}

for (const [mode, by] of [["worker", "a shared worker"], ["leader", "the tab that leads"]]) {
  slowTestWith("chromium", `tabs of Chromium share one connection, by ${by}`, async (executablePath) => {
    await withFolder(async (folder) => {
      const files = new Map<string, string>();
      const programs = {
        "/tabs.js": "tests/client/programs/tabs.ts",
        "/worker.js": "src/client/tabs/worker.ts",
      };
      for (const [path, program] of Object.entries(programs)) {
        files.set(path, await Deno.readTextFile(await bundle(program, folder, { platform: "browser" })));
      }
      const app = boardApp(files);
      const server = app.listen({ port: 0, signals: false });
      const browser = await chromium.launch({ executablePath, args: ARGS });
      try {
        await scenario(mode, app, server, await browser.newContext());
      } finally {
        await browser.close();
        await server.close();
      }
    });
  });
}
