import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { gzipSize, withFolder } from "../client/bundle.ts";

const ROOT = new URL("../../", import.meta.url);
const CHAT = "src/server/page/chat.bundle.js";
const TABS = "src/server/page/tabs.bundle.js";
const BOARD = "examples/board/page.bundle.js";
/** Our client and phoenix in it are 22 KB of that; see docs/client.md. It was 15 KB with phoenix alone. */
const MAX_GZIP_BYTES = 32_900;
/** The shared worker, which has no phoenix in it. */
const MAX_TABS_GZIP_BYTES = 7_000;

const readBundle = (path: string): Promise<string> => Deno.readTextFile(new URL(path, ROOT));

Deno.test("the committed bundles are what deno task bundle makes of the sources", async () => {
  await withFolder(async (again) => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-run", "--allow-write", "scripts/bundle.ts", again],
      cwd: ROOT,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    for (const path of [CHAT, TABS, BOARD]) {
      const made = await Deno.readTextFile(`${again}/${path.replace(/^.*\//, "")}`);
      const isSame = made === await readBundle(path);
      assert(isSame, `${path} is out of date: run deno task bundle, and commit it`);
    }
  });
});

Deno.test("the bundles are small, carry the licence of what is in them, and no zod", async () => {
  const [chat, tabs] = await Promise.all([CHAT, TABS].map(readBundle));
  assertStringIncludes(chat, "Copyright (c) 2014 Chris McCord");
  assertFalse(/_zod|ZodError/.test(chat + tabs));
  assertFalse(/LongPoll/.test(tabs), "the worker has no phoenix in it");
  for (
    const [what, text, max] of [["chat", chat, MAX_GZIP_BYTES], ["tabs", tabs, MAX_TABS_GZIP_BYTES]] as const
  ) {
    const size = await gzipSize(text);
    await Deno.stdout.write(new TextEncoder().encode(`the bundle ${what}: ${size} bytes with gzip\n`));
    assert(size < max, `${size} bytes with gzip: at most ${max} are accepted`);
    assertEquals(text.endsWith("\n"), true);
  }
});
