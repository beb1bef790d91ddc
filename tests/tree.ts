/**
 * The project's own files, for tests that hold them against each other.
 *
 * @module
 */

/** The root of the project. */
export const ROOT: URL = new URL("../", import.meta.url);

/** All files under `folder`, e.g. `src`, as paths from the root. */
export function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** What `deno task <name>` runs. */
export function commandOf(name: string): string {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
    tasks: Record<string, { command: string }>;
  };
  return tasks[name].command;
}
