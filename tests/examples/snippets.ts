/**
 * Holds the snippets of a Markdown page against the files that they quote, so that what a reader copies is what a test
 * ran.
 *
 * A snippet says in a comment on the line above its fence where it comes from: `<!-- examples/chat.ts -->` for the
 * whole file, `<!-- examples/chat.ts#join -->` for what stands between `// #region join` and `// #endregion` (in shell
 * files `# #region`), less the indentation that all its lines share. Region marks themselves are never quoted.
 *
 * Code needs such a comment. Shell commands may do without; the tasks that they name must exist.
 *
 * @module
 */

/** A fenced block of a Markdown page. */
export interface Snippet {
  /** The first word after the fence, e.g. `ts`. */
  readonly language: string;
  /** The block without its fences. */
  readonly text: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  /** What the comment above names, `#region` included; `null` without one. */
  readonly source: string | null;
}

/** Languages of commands. All others with a name that is not in {@link PROSE} are code. */
const SHELL: ReadonlySet<string> = new Set(["sh", "bash", "shell", "console"]);
/** Languages of what nobody runs: output, frames, diagrams. */
const PROSE: ReadonlySet<string> = new Set(["", "text", "txt", "mermaid", "diff", "http"]);

const REGION = /^\s*(?:\/\/|#)\s*#(?:region|endregion)\b/;

/** The fenced blocks of `markdown`. A fence that is not closed runs to the end of the page. */
export function snippetsOf(markdown: string): Snippet[] {
  const lines = markdown.split("\n");
  const snippets: Snippet[] = [];
  for (let i = 0; i < lines.length; i++) {
    const open = lines[i].match(/^( *)(`{3,}|~{3,})\s*([^\s`]*)/);
    if (open === null) continue;
    const [, indent, fence, language] = open;
    const body: string[] = [];
    const line = i + 1;
    const isClosing = (text: string): boolean => text.trim().startsWith(fence) && /^[`~]+$/.test(text.trim());
    for (i++; i < lines.length && !isClosing(lines[i]); i++) {
      body.push(lines[i].startsWith(indent) ? lines[i].slice(indent.length) : lines[i].trimStart());
    }
    // The formatter puts an empty line between a comment and a fence.
    const above = lines[line - 2]?.trim() === "" ? lines[line - 3] : lines[line - 2];
    const source = above?.match(/^\s*<!--\s*(\S+)\s*-->\s*$/)?.[1] ?? null;
    snippets.push({ language, text: body.join("\n"), line, source });
  }
  return snippets;
}

function withoutSharedIndent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const shared = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line) => line.slice(shared));
}

/** What a comment may quote of a file: all of it, or one region. `null` if there is no such region. */
export function quotable(file: string, region: string | undefined): string | null {
  const lines = file.split("\n");
  if (region === undefined) return lines.filter((line) => !REGION.test(line)).join("\n").trim();
  const start = lines.findIndex((line) => REGION.test(line) && line.trim().endsWith(`#region ${region}`));
  if (start < 0) return null;
  let depth = 1;
  let end = start + 1;
  for (; end < lines.length; end++) {
    if (!REGION.test(lines[end])) continue;
    depth += lines[end].includes("#endregion") ? -1 : 1;
    if (depth === 0) break;
  }
  const body = lines.slice(start + 1, end).filter((line) => !REGION.test(line));
  return withoutSharedIndent(body).join("\n").trim();
}

/**
 * What is wrong with the snippets of a page, a line each; empty if nothing is. `readExample` gives the text of a file by
 * its path in the project, `null` if there is none; `tasks` are the names that `deno task` knows.
 */
export function checkSnippets(
  page: string,
  markdown: string,
  readExample: (path: string) => string | null,
  tasks: ReadonlySet<string>,
): string[] {
  return snippetsOf(markdown).flatMap(({ language, text, line, source }): string[] => {
    const place = `${page}:${line}`;
    const unknown = [...text.matchAll(/\bdeno(?:@\S+)? task (\S+)/g)].map(([, task]) => task)
      .filter((task) => SHELL.has(language) && !tasks.has(task))
      .map((task) => `${place}: names the task ${task}: deno.json has ${[...tasks].join(", ")}`);
    if (source === null) {
      if (SHELL.has(language) || PROSE.has(language)) return unknown;
      return [`${place}: says not where it comes from: put <!-- examples/file.ts --> on the line above`];
    }
    const [path, region] = source.split("#");
    if (!path.startsWith("examples/")) {
      return [`${place}: quotes ${path}: a file under examples/ is accepted`];
    }
    const file = readExample(path);
    if (file === null) return [`${place}: quotes ${path}, which does not exist`];
    const expected = quotable(file, region);
    if (expected === null) return [`${place}: quotes the region ${region} of ${path}, which has none`];
    if (expected !== text.trim()) return [`${place}: differs from ${source}, which it quotes`, ...unknown];
    return unknown;
  });
}
