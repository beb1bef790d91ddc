import { assert, assertFalse, assertStringIncludes } from "@std/assert";
import { bundle, gzipSize, withFolder } from "./bundle.ts";

/** What a page may weigh: docs/client.md says what is in it. */
const MAX_GZIP_BYTES = 20_480;
/** What of it may be ours: contract, codec and client. */
const MAX_OWN_BYTES = 8_400;

async function weigh(program: string, folder: string): Promise<{ text: string; size: number }> {
  const path = await bundle(`tests/client/programs/${program}.ts`, folder, {
    platform: "browser",
    minify: true,
  });
  const text = await Deno.readTextFile(path);
  return { text, size: await gzipSize(text) };
}

Deno.test("a page with one contract, our client, phoenix and zod/mini does not grow in silence", async () => {
  await withFolder(async (folder) => {
    const { text, size } = await weigh("page", folder);
    // All of it is there, and nothing of Node's.
    for (const part of ["heartbeat timeout", "~standard", "troupe:id", "phx_join"]) {
      assertStringIncludes(text, part);
    }
    assertFalse(/node:|permessage-deflate/.test(text));
    const phoenix = (await weigh("phoenix", folder)).size;
    const zod = (await weigh("zod_mini", folder)).size;
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
