/**
 * The rules, as pure functions from a source tree to what breaks them.
 *
 * @module
 */

import { findBans } from "./bans.ts";
import { ENTRY_POINTS, EVERYTHING, type Exception, type Layer, MAX_LINES, TEST_KIT } from "./layers.ts";
import type { Edge, SourceFile, SourceTree } from "./module_graph.ts";

/** What breaks a rule, and where. */
export interface Violation {
  readonly rule:
    | "layer"
    | "package"
    | "broken import"
    | "cycle"
    | "ban"
    | "length"
    | "unreachable"
    | "stale exception";
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The imported file or package, the banned name: what an exception would name. */
  readonly about: string;
  /** What is wrong and what is accepted. */
  readonly message: string;
}

/** What a tree is held against. */
export interface Rulebook {
  readonly layers: readonly Layer[];
  readonly exceptions: readonly Exception[];
  /** The files that users import, by path. */
  readonly entryPoints: readonly string[];
}

const holds = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

function layerOf(path: string, layers: readonly Layer[]): Layer | undefined {
  return layers.filter(({ at }) => holds(at, path)).sort((a, b) => b.at.length - a.at.length)[0];
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}

function checkFileEdge(file: SourceFile, edge: Edge, from: Layer, rulebook: Rulebook): Violation[] {
  const to = layerOf(edge.to, rulebook.layers);
  if (to === from) return [];
  const entry = rulebook.entryPoints.includes(edge.to);
  const accepted = to !== undefined && to.at !== TEST_KIT &&
    from.may.some((name) =>
      name === EVERYTHING || name === to.at || name === edge.to || (name === ENTRY_POINTS && entry)
    );
  if (accepted) return [];
  return [{
    rule: "layer",
    file: file.path,
    line: edge.line,
    about: edge.to,
    message: to?.at === TEST_KIT
      ? `imports ${edge.to}: the test kit is imported by tests only`
      : `imports ${edge.to}: beside itself, ${from.at} may import ${list(from.may)}`,
  }];
}

function checkPackageEdge(file: SourceFile, edge: Edge, from: Layer): Violation[] {
  const accepted = from.packages.some((entry) => {
    const [name, onlyIn] = typeof entry === "string" ? [entry, file.path] : [entry.name, entry.onlyIn];
    return holds(name, edge.to) && onlyIn === file.path;
  });
  if (accepted) return [];
  const names = from.packages.map((entry) =>
    typeof entry === "string" ? entry : `${entry.name} (in ${entry.onlyIn} alone)`
  );
  return [{
    rule: "package",
    file: file.path,
    line: edge.line,
    about: edge.to,
    message: `imports the package ${edge.to}: ${from.at} may use ${list(names)}`,
  }];
}

/** Imports that the table of layers forbids, and those that lead nowhere. */
export function checkImports(tree: SourceTree, rulebook: Rulebook): Violation[] {
  return [...tree.values()].flatMap((file) => {
    const from = layerOf(file.path, rulebook.layers);
    if (from === undefined) {
      const message = `no row of the layer table holds it: the table knows ${
        list(rulebook.layers.map(({ at }) => at))
      }`;
      return [{ rule: "layer", file: file.path, line: 1, about: file.path, message }];
    }
    return file.edges.flatMap((edge): Violation[] => {
      if (edge.kind === "file") return checkFileEdge(file, edge, from, rulebook);
      if (edge.kind === "package") return checkPackageEdge(file, edge, from);
      const message =
        `imports ${edge.to}, which leads nowhere: name a file, or a package in deno.json's imports`;
      return [{ rule: "broken import", file: file.path, line: edge.line, about: edge.to, message }];
    });
  });
}

/** The edges of a shortest way from `start` back to itself through files that `open` accepts, or `null`. */
function shortestCycle(
  tree: SourceTree,
  start: string,
  open: (path: string) => boolean,
): { path: string; line: number }[] | null {
  const cameFrom = new Map<string, { path: string; line: number }>();
  const queue = [start];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const edge of tree.get(path)?.edges ?? []) {
      if (edge.kind !== "file" || !open(edge.to) || cameFrom.has(edge.to)) continue;
      cameFrom.set(edge.to, { path, line: edge.line });
      if (edge.to !== start) {
        queue.push(edge.to);
        continue;
      }
      const steps: { path: string; line: number }[] = [];
      let step = cameFrom.get(start);
      while (step !== undefined) {
        steps.unshift(step);
        step = step.path === start ? undefined : cameFrom.get(step.path);
      }
      return steps;
    }
  }
  return null;
}

/** Cycles, of types too. Of cycles that share files the shortest through the first file is told. */
export function checkCycles(tree: SourceTree): Violation[] {
  const told = new Set<string>();
  const violations: Violation[] = [];
  for (const start of tree.keys()) {
    if (told.has(start)) continue;
    const steps = shortestCycle(tree, start, (path) => !told.has(path));
    if (steps === null) continue;
    for (const { path } of steps) told.add(path);
    const way = [...steps.map(({ path }) => path), start];
    violations.push({
      rule: "cycle",
      file: start,
      line: steps[0].line,
      about: way[1],
      message: `imports itself: ${way.join(" → ")}. Imports of types count; move what is shared further down`,
    });
  }
  return violations;
}

/** Files that are too long. */
export function checkLength(tree: SourceTree): Violation[] {
  return [...tree.values()].flatMap(({ path, text }) => {
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (lines <= MAX_LINES) return [];
    const message = `has ${lines} lines: at most ${MAX_LINES} are accepted. Split it by noun`;
    return [{ rule: "length", file: path, line: MAX_LINES + 1, about: path, message }];
  });
}

/** Files that no entry point leads to. Tests do not count as a use. */
export function checkReachability(tree: SourceTree, { entryPoints, exceptions }: Rulebook): Violation[] {
  const extra = exceptions.filter(({ rule }) => rule === "unreachable").map(({ file }) => file);
  const reachedFrom = (roots: readonly string[]): Set<string> => {
    const reached = new Set<string>();
    const queue = [...roots];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (reached.has(path) || !tree.has(path)) continue;
      reached.add(path);
      for (const edge of tree.get(path)?.edges ?? []) if (edge.kind === "file") queue.push(edge.to);
    }
    return reached;
  };
  const used = reachedFrom(entryPoints);
  // A file that is excepted is a root of its own: what it imports is used. It is reported here, and let through by
  // its exception, so that an exception without need is noticed.
  const all = reachedFrom([...entryPoints, ...extra]);
  return [...tree.keys()]
    .filter((path) => !all.has(path) || (extra.includes(path) && !used.has(path)))
    .map((path) => ({
      rule: "unreachable",
      file: path,
      line: 1,
      about: path,
      message: "no entry point leads to it: import it, name it in deno.json's exports, or delete it",
    }));
}

/** Uses of time, randomness, scheduling and the console outside of their ports. */
export function checkBans(tree: SourceTree): Violation[] {
  return [...tree.values()].flatMap((file) =>
    findBans(file.path, file.text).map((ban): Violation => ({ rule: "ban", file: file.path, ...ban }))
  );
}

function isExcepted({ rule, file, about }: Violation, exception: Exception): boolean {
  const place = exception.file.endsWith("/") ? file.startsWith(exception.file) : file === exception.file;
  return rule === exception.rule && place && (exception.about?.includes(about) ?? true);
}

/** Names the parts of an exception that let nothing through. */
function checkExceptions(found: readonly Violation[], exceptions: readonly Exception[]): Violation[] {
  return exceptions.flatMap((exception) =>
    (exception.about ?? [undefined]).flatMap((about): Violation[] => {
      const part = { ...exception, about: about === undefined ? undefined : [about] };
      if (found.some((violation) => isExcepted(violation, part))) return [];
      return [{
        rule: "stale exception",
        file: exception.file,
        line: 1,
        about: about ?? exception.rule,
        message: `has an exception from the rule "${exception.rule}"${
          about === undefined ? "" : ` for ${about}`
        } that it does not need: remove it from the table`,
      }];
    })
  );
}

/** Everything that breaks a rule, by file and line. */
export function check(tree: SourceTree, rulebook: Rulebook): Violation[] {
  const found = [
    ...checkImports(tree, rulebook),
    ...checkCycles(tree),
    ...checkBans(tree),
    ...checkLength(tree),
    ...checkReachability(tree, rulebook),
  ];
  const kept = found.filter((violation) =>
    !rulebook.exceptions.some((entry) => isExcepted(violation, entry))
  );
  return [...kept, ...checkExceptions(found, rulebook.exceptions)]
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}

/** One line for people, in the form that editors and terminals can follow. */
export function format({ rule, file, line, message }: Violation): string {
  return `${file}:${line}: ${rule}: ${message}`;
}
