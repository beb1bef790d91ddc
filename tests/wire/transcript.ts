/**
 * Reads transcripts: scenarios of what clients send and a server answers, in the notation that `transcripts.txt`
 * explains at its head.
 *
 * @module
 */

/** One frame, as a transcript writes it. */
export type Frame =
  | { readonly kind: "text"; readonly text: string }
  /** A text frame given by its bytes, which need not be UTF-8. */
  | { readonly kind: "raw_text"; readonly bytes: Uint8Array }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "ping" | "pong" }
  | { readonly kind: "close"; readonly code: number | null; readonly reason: string };

/** One thing that happens. `number` counts the lines of its scenario, from 1; `source` is the line itself. */
export type Line = { readonly number: number; readonly source: string } & Happening;

type Happening =
  | { readonly kind: "connect"; readonly who: string; readonly path: string }
  | { readonly kind: "send" | "expect"; readonly who: string; readonly frame: Frame }
  /** An HTTP exchange on a connection of its own. `source` is the answer as {@link describeAnswer} puts it. */
  | { readonly kind: "http"; readonly request: readonly string[] }
  /** A request of a long-poll client's. */
  | {
    readonly kind: "ask";
    readonly who: string;
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  }
  /** What it is answered; `body` is JSON, `undefined` for any. */
  | { readonly kind: "answer"; readonly who: string; readonly status: number; readonly body: unknown }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "drop"; readonly who: string }
  | { readonly kind: "note"; readonly text: string };

/** A scenario: a title and what happens. */
export interface Scenario {
  /** Its number, or a word. */
  readonly id: string;
  readonly title: string;
  /** Whether messages that follow each other are sent without waiting in between. */
  readonly atOnce: boolean;
  readonly lines: readonly Line[];
}

/** Reads a whole file: every `### id. title` begins a scenario. */
export function parseTranscripts(file: string): Scenario[] {
  return file.split(/^### /m).slice(1).map((block) => {
    const [heading, ...lines] = block.split(/^## /m)[0].split("\n");
    const [, id, title] = /^(\w+)\. (.*)$/.exec(heading) ?? fault(heading);
    return { id, ...parseScenario(title, lines.join("\n")) };
  });
}

/** Reads the lines of one scenario. */
export function parseScenario(title: string, text: string): Omit<Scenario, "id"> {
  const lines: Line[] = [];
  const sources = text.split("\n").map((line) => line.trimStart()).filter((line) => line !== "");
  while (sources.length > 0) {
    const number = lines.length + 1;
    if (/^[<>]/.test(sources[0])) lines.push({ number, ...takeExchange(sources) });
    else if (ASK.test(sources[0])) lines.push({ number, ...takeAsk(sources) });
    else {
      const source = sources.shift()!;
      const happening = parseLine(source);
      if (happening !== null) lines.push({ ...happening, number, source });
    }
  }
  return { title, atOnce: /at once|pipelined/.test(title), lines };
}

/** An HTTP answer in one line: the status, the headers that matter for a handshake, the body. */
export function describeAnswer(status: string, headers: Headers, body: string): string {
  const shown = [...headers]
    .filter(([name]) => name.startsWith("sec-websocket-"))
    .map(([name, value]) => `${name}: ${value.trim()}`);
  return [status, ...shown, ...(status.startsWith("101 ") ? [] : [JSON.stringify(body)])].join(" | ");
}

/** What a line of the form `A > …` or `A < …` says. */
export function parseFrame(text: string): Frame {
  const [, kind, rest] = /^(\w+) ?(.*)$/s.exec(text) ?? fault(text);
  switch (kind) {
    case "TEXT": {
      const hex = /^\(raw bytes\) ([0-9a-f ]+)$/.exec(rest);
      if (hex !== null) return { kind: "raw_text", bytes: parseHex(hex[1]) };
      const size = /^\(([\d,]+) bytes\)$/.exec(rest);
      return { kind: "text", text: size === null ? rest : "x".repeat(Number(size[1].replaceAll(",", ""))) };
    }
    case "BIN":
      return { kind: "binary", bytes: parseHex(rest.split("|")[0]) };
    case "PING":
      return { kind: "ping" };
    case "PONG":
      return { kind: "pong" };
    case "CLOSE": {
      const [, code, reason] = /^(\d*) ?(?:"(.*)")?$/.exec(rest) ?? fault(text);
      return { kind: "close", code: code === "" ? null : Number(code), reason: reason ?? "" };
    }
    default:
      return fault(text);
  }
}

/** What a line of the form `A < HTTP …` says; `null` for another line. */
export function parseAnswer(source: string): Line & { kind: "answer" } | null {
  const [, who, status, json] = /^(\w+) < HTTP (\d+)(?: (.*))?$/s.exec(source) ?? [];
  if (who === undefined) return null;
  const body = json === undefined ? undefined : JSON.parse(json, (_name, value) => expanded(value));
  return { number: 0, source, kind: "answer", who, status: Number(status), body };
}

const ASK = /^(\w+) > (GET|POST) (\S+)(?: +([\w-]+): (.*))?$/;

/** A request, and the lines of its body: those of the same client that begin with two more spaces. */
function takeAsk(sources: string[]): { source: string } & Happening {
  const source = sources.shift()!;
  const [, who, method, path, name, value] = ASK.exec(source)!;
  const lines: string[] = [];
  while (sources[0]?.startsWith(`${who} >   `)) {
    lines.push(...expandedAll([sources.shift()!.slice(`${who} >   `.length)]));
  }
  const headers = name === undefined ? {} : { [name]: value };
  return {
    source,
    kind: "ask",
    who,
    method,
    path,
    headers,
    body: lines.length > 0 ? lines.join("\n") : null,
  };
}

/** In a list of texts, one that holds `{2..5}` stands for four, each with one of the numbers. */
function expanded(value: unknown): unknown {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? expandedAll(value) : value;
}

function expandedAll(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const [all, from, to] = /\{(\d+)\.\.(\d+)\}/.exec(text) ?? [];
    if (all === undefined) return [text];
    const numbers = Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
    return numbers.map((number) => text.replace(all, String(number)));
  });
}

function parseLine(source: string): Happening | null {
  const answer = parseAnswer(source);
  if (answer !== null) return answer;
  const frame = /^(\w+) ([<>]) (.*)$/s.exec(source);
  if (frame !== null) {
    const [, who, way, text] = frame;
    return { kind: way === ">" ? "send" : "expect", who, frame: parseFrame(text) };
  }
  const connect = /^(\w+) +\(connect (\S+)\)$/.exec(source);
  if (connect !== null) return { kind: "connect", who: connect[1], path: connect[2] };
  const drop = /^(\w+) +\(drop\)$/.exec(source);
  if (drop !== null) return { kind: "drop", who: drop[1] };
  if (/^\w+ +\(open\)$/.test(source)) return null;
  const pass = /^\(([\d.]+) s pass\)$/.exec(source);
  if (pass !== null) return { kind: "pass", ms: Number(pass[1]) * 1000 };
  if (source.startsWith("(")) return { kind: "note", text: source.slice(1, -1) };
  return fault(source);
}

function takeExchange(sources: string[]): { source: string } & Happening {
  const request = takeWhile(sources, ">");
  const [statusLine, ...rest] = takeWhile(sources, "<");
  const end = rest.indexOf("");
  const headerLines = end < 0 ? rest : rest.slice(0, end);
  const headers = new Headers(
    headerLines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]),
  );
  const body = end < 0 ? "" : rest.slice(end + 1).join("\n");
  const status = statusLine.slice(statusLine.indexOf(" ") + 1);
  return { kind: "http", request, source: describeAnswer(status, headers, body) };
}

function takeWhile(sources: string[], mark: string): string[] {
  const taken: string[] = [];
  while (sources[0]?.startsWith(mark)) taken.push(sources.shift()!.slice(1).trimStart());
  return taken;
}

function parseHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

function fault(text: string): never {
  throw new SyntaxError(`not in the notation of transcripts: ${text}`);
}
