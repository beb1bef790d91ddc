/**
 * Puts bugs into a copy of the source, and looks how long the simulation takes to find them:
 * `deno run -A tests/sim/teeth.ts [part of a name]` prints that for each.
 *
 * @module
 */

import { type Bug, BUGS, SEEDS } from "./bugs.ts";

const ROOT = new URL("../../", import.meta.url);

/** What became of it. */
export interface Found {
  /** Which seed has found it; `null`: none. */
  readonly seed: number | null;
  /** What was wrong. */
  readonly violation: string;
}

/** How often the place of a bug is in the source. */
export async function placesOf({ file, from }: Bug): Promise<number> {
  return (await Deno.readTextFile(new URL(file, ROOT))).split(from).length - 1;
}

/** Looks for a bug with `seeds` seeds. Throws where its place in the source is not there once. */
export async function look(bug: Bug, seeds: number): Promise<Found> {
  const { file, from, to } = bug;
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["deno.json", "deno.lock", "mod.ts", "src", "types", "scripts"]) {
      await copy(new URL(name, ROOT), `${folder}/${name}`);
    }
    const places = await placesOf(bug);
    if (places !== 1) throw new Error(`${file} has ${places} places, instead of one, with: ${from}`);
    const path = `${folder}/${file}`;
    const source = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, source.replace(from, () => to));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "scripts/sim.ts", "--seeds", String(seeds), "--no-shrink"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    });
    const { code, stdout, stderr } = await command.output();
    const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const [, seed, violation] = /^seed (\d+): (.*)/m.exec(output) ?? [];
    if (code !== 0 && seed === undefined) throw new Error(`The simulation does not run: ${errors}`);
    return { seed: seed === undefined ? null : Number(seed), violation: violation ?? "" };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function copy(from: URL, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href}/${name}`), `${to}/${name}`);
  }
}

if (import.meta.main) {
  const [part = ""] = Deno.args;
  for (const bug of BUGS.filter(({ name }) => name.includes(part))) {
    const { seed, violation } = await look(bug, bug.seeds ?? SEEDS);
    console.log(`${String(seed ?? "NOT FOUND").padStart(9)}  ${bug.name}: ${violation.slice(0, 110)}`);
  }
}
