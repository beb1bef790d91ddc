/**
 * The long-poll clients of a scenario: they ask, and what they are answered is compared.
 *
 * @module
 */

import { assert, assertEquals, fail } from "@std/assert";
import { deadline } from "@std/async/deadline";
import type { References } from "./references.ts";
import type { Line } from "./transcript.ts";

/** Only a broken server is that slow. */
const PATIENCE_MS = 20_000;

/** Names of tokens in a scenario, e.g. `<token1>`. */
const TOKEN = /<token\d+>/;

/** All of them: tokens go from one to the other. */
export class Pollers {
  readonly #origin: string;
  readonly #references: References;
  readonly #tokens = new Map<string, string>();
  readonly #asked = new Map<string, Response>();

  constructor(port: number, references: References) {
    this.#references = references;
    this.#origin = `http://127.0.0.1:${port}`;
  }

  /** Sends a request; its answer may take until time passes. */
  async ask({ who, method, path, headers, body }: Line & { kind: "ask" }): Promise<void> {
    if (this.#asked.has(who)) fail(`${who} waits for an answer`);
    const url = this.#origin +
      path.replace(TOKEN, (name) => this.#tokens.get(name) ?? fail(`what is ${name}?`));
    this.#asked.set(who, await deadline(fetch(url, { method, headers, body }), PATIENCE_MS));
  }

  /** Compares the answer to the last request. */
  async expect({ who, status, body }: Line & { kind: "answer" }): Promise<void> {
    const response = this.#asked.get(who) ?? fail(`${who} has asked for nothing`);
    this.#asked.delete(who);
    const text = await deadline(response.text(), PATIENCE_MS);
    const shown = `HTTP ${response.status} ${text}`;
    if (response.status !== status) fail(`got ${shown}`);
    assertEquals(response.headers.get("access-control-allow-origin"), "*");
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
    if (body !== undefined && !this.#matches(body, JSON.parse(text))) fail(`got ${shown}`);
  }

  /** Everybody has been answered. */
  end(): void {
    for (const who of this.#asked.keys()) fail(`${who} was answered, and the scenario says nothing of it`);
  }

  #matches(expected: unknown, actual: unknown): boolean {
    if (Array.isArray(expected)) {
      return Array.isArray(actual) && expected.length === actual.length &&
        expected.every((each, i) => this.#matches(each, actual[i]));
    }
    if (typeof expected === "object" && expected !== null) {
      assert(typeof actual === "object" && actual !== null);
      const names = Object.keys(expected);
      return names.length === Object.keys(actual).length &&
        names.every((name) =>
          this.#matches(
            (expected as Record<string, unknown>)[name],
            (actual as Record<string, unknown>)[name],
          )
        );
    }
    if (typeof expected !== "string" || typeof actual !== "string") return expected === actual;
    if (TOKEN.test(expected)) return this.#isToken(expected, actual);
    if (expected.endsWith("…")) return actual.startsWith(expected.slice(0, -1));
    return expected === actual ||
      (isJson(expected) && isJson(actual) && this.#references.same(JSON.parse(expected), JSON.parse(actual)));
  }

  #isToken(name: string, token: string): boolean {
    const known = this.#tokens.get(name);
    if (known === undefined) {
      const isNew = ![...this.#tokens.values()].includes(token);
      this.#tokens.set(name, token);
      return isNew;
    }
    return known === token;
  }
}

function isJson(text: string): boolean {
  return text.startsWith("[") || text.startsWith("{");
}
