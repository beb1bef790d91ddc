/** The versions that the figures are of, and what makes `ws` faster. */
const PACKAGES = { "ws": "8.23.0", "socket.io": "4.8.4", "bufferutil": "4.1.0" };
const SPECIFIERS = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);

/** How long npm may take. */
const FETCH_MS = 120_000;

/** Something that is not there. */
export interface Missing {
  /** What, and why: one line. */
  readonly missing: string;
}

/** Node, and a folder with its packages. */
export interface Node {
  readonly program: string;
  readonly folder: string;
  readonly versions: readonly string[];
}

/** Node of this machine, with packages from npm in a folder of the user's cache. */
export async function findNode(): Promise<Node | Missing> {
  const version = await output("node", "--version");
  // Where there is no Node, Deno runs itself under that name.
  if (version === null || !/^v\d+\.\d+\.\d+$/.test(version)) {
    return { missing: "ws and Socket.IO are left out: there is no Node" };
  }
  const folder = `${cacheFolder()}/troupe_bench/${SPECIFIERS.join("_")}`;
  if (!isComplete(folder)) {
    await output("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", ...SPECIFIERS);
    if (!isComplete(folder)) {
      return { missing: `ws and Socket.IO are left out: npm cannot install ${SPECIFIERS.join(", ")}` };
    }
  }
  return {
    program: "node",
    folder,
    versions: [`Node ${version.slice(1)}`, ...SPECIFIERS.map((each) => each.replace("@", " "))],
  };
}

function cacheFolder(): string {
  return Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
}

function isComplete(folder: string): boolean {
  return Object.entries(PACKAGES).every(([name, version]) => {
    try {
      const text = Deno.readTextFileSync(`${folder}/node_modules/${name}/package.json`);
      return JSON.parse(text).version === version;
    } catch {
      return false;
    }
  });
}

/** What a program prints; `null` if there is no such program, or if it fails or takes too long. */
export async function output(program: string, ...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args,
      stderr: "null",
      signal: AbortSignal.timeout(FETCH_MS),
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null; // there is no such program
  }
}
