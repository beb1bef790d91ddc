// Holds docs/operating.md against the source: what a client or an operator can see must be explained there.
import { assertEquals } from "@std/assert";
import { App } from "../../mod.ts";
import { CHANGEABLE_LIMITS, completeLimits } from "../../src/app/option_schemas.ts";
import { CLOSE_CODES } from "../../src/protocol/close_codes.ts";
import {
  closeReasons,
  counterForms,
  engineSources,
  limitCounters,
  logLines,
  readinessReasons,
  refusalReasons,
} from "./source_facts.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/operating.md", import.meta.url));
const SOURCES = engineSources();

/** The part under a heading of the second level. */
function part(heading: string): string {
  return PAGE.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
}

/** Everything in backticks, each once. */
function namesIn(markdown: string): Set<string> {
  return new Set([...markdown.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name));
}

function missing(names: readonly string[], markdown: string): string[] {
  assertEquals(
    names.length > 0,
    true,
    "the source has none: the patterns of source_facts.ts are out of date",
  );
  const there = namesIn(markdown);
  return names.filter((name) => !there.has(name));
}

/** The rows of the table of limits: name → its other cells. */
const LIMITS = new Map(
  part("Limits").split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [name, ...cells] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    return [name.slice(1, -1), cells];
  }),
);

Deno.test("docs/operating.md has every limit once, with its default and whether it can be changed", () => {
  const defaults = completeLimits();
  const live = new Set<string>(CHANGEABLE_LIMITS);
  const expected = Object.entries(defaults).map(([name, value]) => [
    name,
    value.toLocaleString("en-US"),
    live.has(name) ? "live" : "fixed",
  ]);
  assertEquals(
    [...LIMITS].map(([name, [standard, change]]) => [name, standard, change]).sort(),
    expected.sort(),
  );
});

Deno.test("docs/operating.md names the counters of every limit that its docstring names", () => {
  const counters = limitCounters(SOURCES);
  assertEquals(counters.size, LIMITS.size);
  const forgotten = [...counters].flatMap(([limit, names]) => {
    const there = namesIn(LIMITS.get(limit)?.[2] ?? "");
    return names.filter((name) => !there.has(name)).map((name) => `${limit}: ${name}`);
  });
  assertEquals(forgotten, []);
});

Deno.test("docs/operating.md explains every reason of a refusal", () => {
  assertEquals(missing(refusalReasons(SOURCES), PAGE), []);
});

Deno.test("docs/operating.md explains every close code that is sent, and every reason of a close", () => {
  const closed = part("A connection was closed");
  const codes = CLOSE_CODES.filter(({ sent }) => sent).map(({ code }) => `| ${code} |`);
  assertEquals(codes.filter((code) => !closed.replaceAll(/ +/g, " ").includes(`\n${code}`)), []);
  assertEquals(missing(closeReasons(SOURCES), closed), []);
});

Deno.test("docs/operating.md explains every reason for not being ready, and every gauge", async () => {
  assertEquals(missing(readinessReasons(SOURCES), part("Readiness, and going down")), []);
  await using app = new App();
  assertEquals(missing(Object.keys(app.gauges), part("Gauges")), []);
});

Deno.test("docs/operating.md explains every warning and error in the log", () => {
  assertEquals(missing(logLines(SOURCES, "warn", "error"), part("Log lines")), []);
});

Deno.test("docs/operating.md names no counter that is not counted", () => {
  const forms = counterForms(SOURCES);
  const named = [...namesIn(PAGE)].filter((name) => /^[a-z_]+(\.[a-z_<>]+)+$/.test(name))
    .filter((name) => !/^(app|addresses)\./.test(name) && !name.endsWith(".md"));
  const unknown = named.filter((name) => !forms.some((form) => form.test(name.replaceAll(/<\w+>/g, "x"))));
  assertEquals(unknown, []);
});
