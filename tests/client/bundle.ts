/**
 * Bundles of our client, as `deno bundle` makes them of `programs`.
 *
 * @module
 */

import { assert } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** What {@link bundle} can be told. */
export interface BundleOptions {
  readonly platform: "browser" | "deno";
  readonly minify?: boolean;
}

/** Bundles a program, and gives the path of the file, which is removed with the folder. */
export async function bundle(program: string, folder: string, options: BundleOptions): Promise<string> {
  const output = `${folder}/${program.replace(/^.*\//, "").replace(/\.ts$/, ".mjs")}`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--config",
      "deno.json",
      "--platform",
      options.platform,
      ...(options.minify ? ["--minify"] : []),
      "--output",
      output,
      program,
    ],
    cwd: ROOT,
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return output;
}

/** Gives `use` a folder of its own. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** How many bytes something has with gzip. */
export async function gzipSize(text: string): Promise<number> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}
