import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const BUNDLE = new URL("src/server/page/chat.bundle.js", ROOT);
const MAX_GZIP_BYTES = 20_000;

Deno.test("the committed bundle is what deno task bundle makes of the sources", async () => {
  const again = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-run", "--allow-write", "scripts/bundle.ts", again],
      cwd: ROOT,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const isSame = await Deno.readTextFile(again) === await Deno.readTextFile(BUNDLE);
    assert(isSame, "src/server/page/chat.bundle.js is out of date: run deno task bundle, and commit it");
  } finally {
    await Deno.remove(again);
  }
});

Deno.test("the bundle is small, carries the licence of what is in it, and no zod", async () => {
  const text = await Deno.readTextFile(BUNDLE);
  assertStringIncludes(text, "Copyright (c) 2014 Chris McCord");
  assertFalse(/zod/i.test(text));
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const { byteLength } = await new Response(packed).arrayBuffer();
  await Deno.stdout.write(new TextEncoder().encode(`the bundle: ${byteLength} bytes with gzip\n`));
  assert(
    byteLength < MAX_GZIP_BYTES,
    `${byteLength} bytes with gzip: at most ${MAX_GZIP_BYTES} are accepted`,
  );
  assertEquals(text.endsWith("\n"), true);
});
