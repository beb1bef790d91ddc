/**
 * Reads source trees as Deno itself sees them: one generated entry imports every file, so that nothing hides, and
 * `deno info` resolves all of it in one run.
 *
 * @module
 */

/** One import, re-export or dynamic import, of values or of types. */
export interface Edge {
  /** A file of the same tree, by its path in it; a package, as it is written in the source; or what cannot be found. */
  readonly kind: "file" | "package" | "broken";
  /** See {@link Edge.kind}. */
  readonly to: string;
  /** The first line of the importing file that names it, from 1. */
  readonly line: number;
}

/** One source file. */
export interface SourceFile {
  /** Its path in the tree, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly edges: readonly Edge[];
}

/** The source files of one tree by path, sorted. */
export type SourceTree = ReadonlyMap<string, SourceFile>;

interface InfoSpan {
  readonly start: { readonly line: number };
}

interface InfoTarget {
  readonly specifier?: string;
  readonly error?: string;
  readonly span: InfoSpan;
}

interface InfoModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: ReadonlyArray<{
    readonly specifier: string;
    readonly code?: InfoTarget;
    readonly type?: InfoTarget;
  }>;
}

/** The source files under a tree's root: `mod.ts` and all TypeScript under `src`. */
function sourceFiles(root: URL): URL[] {
  const files: URL[] = [];
  const visit = (folder: URL): void => {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.isDirectory) visit(new URL(`${entry.name}/`, folder));
      else if (/\.tsx?$/.test(entry.name)) files.push(new URL(entry.name, folder));
    }
  };
  visit(new URL("src/", root));
  const entry = new URL("mod.ts", root);
  try {
    Deno.statSync(entry);
    files.push(entry);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort((a, b) => (a.href < b.href ? -1 : 1));
}

async function denoInfo(entrySource: string, scratch: URL): Promise<Map<string, InfoModule>> {
  await Deno.mkdir(scratch, { recursive: true });
  const name = `graph_${crypto.randomUUID()}`;
  const entry = new URL(`${name}.ts`, scratch);
  // A copy of the project's lock file: the versions that it fixes, and no trace in it of what a fixture imports.
  const lock = new URL(`${name}.lock`, scratch);
  try {
    await Deno.writeTextFile(entry, entrySource);
    await Deno.copyFile(new URL("../deno.lock", scratch), lock);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", `--lock=${name}.lock`, entry.href],
      cwd: scratch,
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: InfoModule[] };
    return new Map(modules.map((module) => [module.specifier, module]));
  } finally {
    await Promise.allSettled([Deno.remove(entry), Deno.remove(lock)]);
  }
}

/** `npm:zod@4/mini` and `jsr:@std/assert@1` without the registry and the version; other specifiers as they are. */
function packageName(specifier: string): string {
  return specifier.replace(/^(?:npm|jsr):\/?(@[^/]+\/[^/@]+|[^/@]+)(?:@[^/]*)?/, "$1");
}

function edgesOf(module: InfoModule, root: URL, modules: ReadonlyMap<string, InfoModule>): Edge[] {
  return (module.dependencies ?? []).map(({ specifier, code, type }): Edge => {
    const targets = [code, type].filter((target) => target !== undefined);
    const line = 1 + Math.min(...targets.map((target) => target.span.start.line));
    const resolved = targets.find((target) => target.specifier !== undefined)?.specifier;
    if (resolved === undefined) return { kind: "broken", to: specifier, line };
    if (!resolved.startsWith("file:")) return { kind: "package", to: packageName(specifier), line };
    if (modules.get(resolved)?.error !== undefined) return { kind: "broken", to: specifier, line };
    // Outside of the tree the absolute form stays: no row of the table holds it.
    return {
      kind: "file",
      to: resolved.startsWith(root.href) ? resolved.slice(root.href.length) : resolved,
      line,
    };
  });
}

/**
 * Reads the trees under `roots` (URLs that end in `/`), in that order. `scratch` is a folder at the project's top, so
 * that its deno.json applies; it is made if it is missing.
 */
export async function readTrees(roots: readonly URL[], scratch: URL): Promise<SourceTree[]> {
  const files = roots.map(sourceFiles);
  const entrySource = files.flat().map((file) => `import ${JSON.stringify(file.href)};\n`).join("");
  const modules = await denoInfo(entrySource, scratch);
  return roots.map((root, i) =>
    new Map(files[i].map((file) => {
      const path = file.href.slice(root.href.length);
      const module = modules.get(file.href) ?? { specifier: file.href };
      // A file that does not parse has no edges: `deno check` says so better than we could.
      return [path, { path, text: Deno.readTextFileSync(file), edges: edgesOf(module, root, modules) }];
    }))
  );
}
