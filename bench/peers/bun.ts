import type { Missing } from "./node.ts";

/** The version that the figures are of. */
const VERSION = "1.4.5";

/** Bun, from npm: it is installed into npm's own cache. */
export async function findBun(): Promise<
  { readonly program: string; readonly versions: readonly string[] } | Missing
> {
  try {
    const { success, stdout } = await new Deno.Command("npx", {
      args: ["-y", "--package", `bun@${VERSION}`, "-c", "command -v bun"],
      stdout: "piped",
      stderr: "null",
    }).output();
    const path = new TextDecoder().decode(stdout).trim();
    if (success && path !== "") {
      return { program: await Deno.realPath(path), versions: [`Bun ${VERSION}`] };
    }
  } catch {
    // There is no npx.
  }
  return { missing: `Bun is left out: npx cannot fetch bun@${VERSION}` };
}
