import { TroupeError } from "../base/errors.ts";

/** Where a path leads, and what was in it. */
export interface Route<T> {
  readonly value: T;
  /** The parameters of the path's pattern, percent-decoded where that is possible. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Leads paths to values. A path is matched exactly, a trailing slash aside, or by a URL pattern (`/rooms/:id`); exact
 * paths go first, then patterns in the order in which they were added.
 */
export class Router<T> {
  readonly #basePath: string;
  readonly #exact = new Map<string, T>();
  readonly #patterns: { readonly pattern: URLPattern; readonly source: string; readonly value: T }[] = [];

  /**
   * `basePath`: where all paths begin, e.g. `/realtime`; empty for the root.
   *
   * @throws {TroupeError} `bad_path` if it does not begin with `/`.
   */
  constructor(basePath = "") {
    if (basePath !== "") checkPath(basePath);
    this.#basePath = basePath.replace(/\/+$/, "");
  }

  /**
   * Adds a path.
   *
   * @throws {TroupeError} `bad_path` if it does not begin with `/`, holds a query or a fragment, is no URL pattern, or
   * is there already.
   */
  add(path: string, value: T): void {
    checkPath(path);
    const asGiven = this.#basePath + path;
    const full = strip(isPattern(asGiven) ? asGiven : encoded(asGiven));
    if (this.#exact.has(full) || this.#patterns.some(({ source }) => source === full)) {
      refuse(path, "it is there already");
    }
    if (!isPattern(asGiven)) {
      this.#exact.set(full, value);
      return;
    }
    try {
      this.#patterns.push({ pattern: new URLPattern({ pathname: full }), source: full, value });
    } catch (error) {
      refuse(path, `it is no URL pattern: ${(error as Error).message}`);
    }
  }

  /** Where `pathname` leads; `null` for nowhere. */
  find(pathname: string): Route<T> | null {
    const path = strip(pathname);
    const exact = this.#exact.get(path);
    if (exact !== undefined) return { value: exact, params: {} };
    for (const { pattern, value } of this.#patterns) {
      const groups = pattern.exec({ pathname: path })?.pathname.groups;
      if (groups === undefined) continue;
      const params: Record<string, string> = Object.create(null);
      for (const [name, text] of Object.entries(groups)) if (text !== undefined) params[name] = decoded(text);
      return { value, params };
    }
    return null;
  }
}

function checkPath(path: string): void {
  if (!path.startsWith("/")) refuse(path, "a path begins with /");
  if (path.includes("#") || (path.includes("?") && !isPattern(path))) {
    refuse(path, "a path holds no query and no fragment");
  }
}

function isPattern(path: string): boolean {
  return /[:*{(]/.test(path);
}

/** As a URL has it. */
function encoded(path: string): string {
  return new URL(`http://host${path}`).pathname;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function strip(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function refuse(path: string, fault: string): never {
  throw new TroupeError("bad_path", `Cannot use the path ${JSON.stringify(path)}: ${fault}`, {
    details: { path },
  });
}
