import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { bundle, gzipSize, withFolder } from "./bundle.ts";

/** What a page may weigh: docs/client.md says what is in it. */
const MAX_GZIP_BYTES = 20_480;
/** What of it may be ours: contract, codec and client. */
const MAX_OWN_BYTES = 8_400;

const ROOT = new URL("../../", import.meta.url);
const PAGE = "tests/client/programs/page.ts";

async function weigh(program: string, folder: string): Promise<{ text: string; size: number }> {
  const path = await bundle(program, folder, { platform: "browser", minify: true });
  const text = await Deno.readTextFile(path);
  return { text, size: await gzipSize(text) };
}

const partOfPage = (name: string): string => `tests/client/programs/${name}.ts`;

Deno.test("a page with one contract, our client, phoenix and zod/mini does not grow in silence", async () => {
  await withFolder(async (folder) => {
    const { text, size } = await weigh(PAGE, folder);
    // All of it is there, and nothing of Node's.
    for (const part of ["heartbeat timeout", "~standard", "troupe:id", "phx_join"]) {
      assertStringIncludes(text, part);
    }
    assertFalse(/node:|permessage-deflate/.test(text));
    const phoenix = (await weigh(partOfPage("phoenix"), folder)).size;
    const zod = (await weigh(partOfPage("zod_mini"), folder)).size;
    const own = size - phoenix - zod;
    await Deno.stdout.write(
      new TextEncoder().encode(
        `a page with one contract: ${size} bytes with gzip (phoenix ${phoenix}, zod/mini ${zod}, ours ${own})\n`,
      ),
    );
    assert(size <= MAX_GZIP_BYTES, `${size} bytes with gzip: at most ${MAX_GZIP_BYTES} are accepted`);
    assert(own <= MAX_OWN_BYTES, `${own} bytes of our own: at most ${MAX_OWN_BYTES} are accepted`);
  });
});

/** How far a figure in the documentation may be from what is measured, so that not each byte is a new edition. */
const TOLERANCE = 0.03;
const TOLERATED_BYTES = 30;

/** The rows of the tables in "What it weighs", by the text of their first column. */
async function documentedWeights(): Promise<Record<string, number>> {
  const text = await Deno.readTextFile(new URL("docs/client.md", ROOT));
  const chapter = text.slice(text.indexOf("## What it weighs"));
  const rows = [...chapter.matchAll(/^\| (.+?) +\| ([\d,]+) +\|$/gm)];
  return Object.fromEntries(rows.map(([, name, bytes]) => [name, Number(bytes.replaceAll(",", ""))]));
}

/** The page, with something more that it names. */
async function pageWith(change: (text: string) => string, folder: string): Promise<number> {
  const program = `${folder}/page.ts`;
  await Deno.writeTextFile(program, change(await Deno.readTextFile(new URL(PAGE, ROOT))));
  return (await weigh(program, folder)).size;
}

Deno.test("what docs/client.md says that each part weighs is what it weighs", async () => {
  await withFolder(async (folder) => {
    const page = (await weigh(PAGE, folder)).size;
    const phoenix = (await weigh(partOfPage("phoenix"), folder)).size;
    const zodMini = (await weigh(partOfPage("zod_mini"), folder)).size;
    const more = async (change: (text: string) => string): Promise<number> =>
      await pageWith(change, folder) - page;
    const naming = (name: string) =>
      more((text) => `${text.replace("{ connect }", `{ connect, ${name} }`)}console.log(${name});\n`);
    const using = (name: string) =>
      more((text) =>
        text.replace("{ connect }", `{ connect, ${name} }`)
          .replace(`"/socket"`, `"/socket", { use: [${name}] }`)
      );
    const tabs = 'import { sharedTabs } from "@troupe/core/client/tabs";\n';
    const measured: Record<string, number> = {
      "a page with one contract": page,
      "of it the `phoenix` client": phoenix,
      "of it `zod/mini`": zodMini,
      "of it ours": page - phoenix - zodMini,
      "`sharedTabs` of `@troupe/core/client/tabs`": await more((text) =>
        tabs + text.replace(`"/socket"`, `"/socket", { transport: sharedTabs({ name: "ada" }) }`)
      ),
      "the script of its worker, which the page does not load": (await weigh(
        "src/client/tabs/worker.ts",
        folder,
      )).size,
      "`defineTopic` of `@troupe/core/contract`, checked": await more((text) =>
        text.replace("/contract/lean", "/contract")
      ),
      '`import { z } from "zod"` in the place of `zod/mini`': await more((text) =>
        text.replace('import * as z from "zod/mini"', 'import { z } from "zod"')
      ),
    };
    for (const name of ["withPresence", "withState", "withAnswers", "withRefresh"]) {
      measured[`\`${name}\``] = await using(name);
    }
    for (const name of ["eventsOf", "follow"]) measured[`\`${name}\``] = await naming(name);
    const documented = await documentedWeights();
    assertEquals(Object.keys(documented).sort(), Object.keys(measured).sort());
    const stale = Object.entries(measured).filter(([name, bytes]) =>
      Math.abs(documented[name] - bytes) > Math.max(bytes * TOLERANCE, TOLERATED_BYTES)
    );
    assertEquals(stale, [], "docs/client.md has other figures than these");
  });
});
