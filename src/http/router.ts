import { TroupeError } from "../base/errors.ts";

/** Where a path leads, and what was in it. */
export interface Route<T> {
  readonly value: T;
  /** The parameters of the path's pattern. */
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

  /** `basePath`: where all paths begin, e.g. `/realtime`; empty for the root. */
  constructor(basePath = "") {
    this.#basePath = basePath.replace(/\/+$/, "");
    if (this.#basePath !== "" && !this.#basePath.startsWith("/")) {
      refuse(basePath, "a base path begins with /");
    }
  }

  /**
   * Adds a path.
   *
   * @throws {TroupeError} `bad_path` if it does not begin with `/`, is no URL pattern, or is there already.
   */
  add(path: string, value: T): void {
    if (!path.startsWith("/")) refuse(path, "a path begins with /");
    const full = this.#basePath + strip(path);
    if (this.#exact.has(full) || this.#patterns.some(({ source }) => source === full)) {
      refuse(path, "it is there already");
    }
    if (!/[:*{(]/.test(full)) {
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
      const params = Object.entries(groups).filter((entry): entry is [string, string] =>
        entry[1] !== undefined
      );
      return { value, params: Object.fromEntries(params) };
    }
    return null;
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
