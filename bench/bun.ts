/** The version that the figures are of. */
const BUN = "bun@1.4.5";

/** Where the program `bun` of npm is; it is installed into npm's own cache. `null` if npm cannot fetch it. */
export async function findBun(): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("npx", {
      args: ["-y", "--package", BUN, "-c", "command -v bun"],
      stdout: "piped",
      stderr: "null",
    }).output();
    const path = new TextDecoder().decode(stdout).trim();
    return success && path !== "" ? await Deno.realPath(path) : null;
  } catch {
    return null; // there is no npm
  }
}
