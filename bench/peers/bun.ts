import { type Missing, output } from "./node.ts";

/** The version that the figures are of. */
const VERSION = "1.4.5";

/** Bun, from npm: it is installed into npm's own cache. */
export async function findBun(): Promise<
  { readonly program: string; readonly versions: readonly string[] } | Missing
> {
  const path = await output("npx", "-y", "--package", `bun@${VERSION}`, "-c", "command -v bun");
  if (path !== null && path !== "") {
    return { program: await Deno.realPath(path), versions: [`Bun ${VERSION}`] };
  }
  return { missing: `Bun is left out: npx cannot fetch bun@${VERSION}` };
}
