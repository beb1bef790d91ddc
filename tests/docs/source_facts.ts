/**
 * What the source says to the outside, read from its text: the names that clients and operators see. A page that
 * explains them is held against these lists, so that none is forgotten.
 *
 * @module
 */

import { filesUnder, ROOT } from "../tree.ts";

/** A module's path from the root of the project, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The modules of the engine and of the ready server, sorted by path: not the test kit, not the client, and not what runs in pages. */
export function engineSources(): SourceFile[] {
  const elsewhere = ["src/testing/", "src/client/", "src/server/page/", "src/protocol/requests.ts"];
  return filesUnder("src").filter((path) =>
    path.endsWith(".ts") && !elsewhere.some((place) => path.startsWith(place))
  ).sort()
    .map((path) => ({ path, text: withoutDocs(Deno.readTextFileSync(new URL(path, ROOT))) }));
}

function withoutDocs(text: string): string {
  return text.replaceAll(/^\s*\/\*\*[\s\S]*?\*\//gm, "");
}

const REASONS: readonly RegExp[] = [
  /\breason: "([^"]+)"/g,
  /\brefuse\("([a-z_]+)"/g, // of a refresh
  /(?:refuse|fault|refusalResponse|refusal)\(\s*\d{3},\s*"([a-z_]+)"/gi,
  /\bNotAuthenticated\(\d{3}, "([a-z_]+)"/g,
  /(?:tooMany|unreadable)\("([a-z_]+)"/g,
  /^ {2}([a-z0-9_]+): 4\d\d,$/gm, // the table of what is wrong with a body
  /(?<=const BUSY = .*)"([a-z_]+)"/g,
];

/**
 * The reasons of refusals, in HTTP and in error replies: names in snake_case, and the few that are Phoenix's own. Not
 * those of tokens and cookies: clients are not told.
 */
export function refusalReasons(sources: readonly SourceFile[]): string[] {
  return matchesOf(sources.filter(({ path }) => !path.startsWith("src/auth/")), REASONS);
}

const CLOSES: readonly RegExp[] = [
  /(?:close|closeInTurn|drop|hangUp)\(\s*CLOSE_\w+,\s*["`]([^"`$]*[^"`$\s])/g,
];

/** What connections are closed with, beside the code; of a text with a value in it, what stands before the value. */
export function closeReasons(sources: readonly SourceFile[]): string[] {
  return matchesOf(sources, CLOSES);
}

/** The log lines of these levels: their fixed texts. */
export function logLines(sources: readonly SourceFile[], ...levels: readonly string[]): string[] {
  return matchesOf(sources, [new RegExp(`\\.log\\(\\s*"(?:${levels.join("|")})",\\s*"([^"]+)"`, "g")]);
}

/** Why an app may not be ready. */
export function readinessReasons(sources: readonly SourceFile[]): string[] {
  return matchesOf(sources, [/\.unless\("([a-z_]+)"/g]);
}

/** What counters are called: one expression each, since some names hold a value. */
export function counterForms(sources: readonly SourceFile[]): RegExp[] {
  return matchesOf(sources, [/["`]([a-z_]+\.(?:[a-z_.]|\$\{[^}`]*\})+)["`]/g])
    .map((text) => new RegExp(`^${text.replaceAll(".", "\\.").replaceAll(/\$\{.*?\}/g, "[a-z_]+")}$`));
}

/** The counters that the docstrings of the limits name, by limit; of those that are cut short, none. */
export function limitCounters(sources: readonly SourceFile[]): Map<string, string[]> {
  const forms = counterForms(sources);
  const texts = ["options", "traffic_limits"].map((name) =>
    Deno.readTextFileSync(new URL(`src/app/${name}.ts`, ROOT)).match(
      /interface (?:Traffic)?Limits\b[\s\S]*?^}/m,
    )![0]
  );
  return new Map(
    texts.flatMap((text) => [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+)\?:/g)])
      .map(([, docs, limit]) => {
        const names = [...docs.matchAll(/`([a-z_]+(?:\.[a-z_]+)+)`/g)].map(([, name]) => name);
        return [limit, names.filter((name) => forms.some((form) => form.test(name)))];
      }),
  );
}

function matchesOf(sources: readonly SourceFile[], patterns: readonly RegExp[]): string[] {
  const found = sources.flatMap(({ text }) =>
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name))
  );
  return [...new Set(found)].sort();
}
