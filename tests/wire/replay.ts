/**
 * Plays a scenario against a server: sends what its clients sent, and compares what comes, connection by connection.
 *
 * Nothing here waits for time to pass. What must come is waited for; that nothing else has come is shown by a *fence*:
 * two heartbeats, one after the other. Once the first is answered, the server has read all that was sent before. What
 * follows from that may take until the end of the server's turn, which `settled` waits for; once the second is
 * answered, all of it has arrived.
 *
 * @module
 */

import { equal, fail } from "@std/assert";
import type { VirtualClock } from "../../src/testing/virtual_clock.ts";
import {
  binaryFrame,
  closeFrame,
  encodeFrame,
  type HttpAnswer,
  pingFrame,
  RawClient,
  type Received,
  textFrame,
} from "./raw_client.ts";
import { Pollers } from "./polling.ts";
import { References } from "./references.ts";
import {
  describeAnswer,
  type Frame,
  type Line,
  parseAnswer,
  parseFrame,
  type Scenario,
} from "./transcript.ts";

/** What the WebSocket of a server is made of. */
export type On = "websocket" | "ws";

/** Where on purpose a Troupe server says something else than the transcript. */
export interface Difference {
  /** The scenario's id. */
  readonly scenario: string;
  /** Which of its lines, from 1. */
  readonly line: number;
  /** That line, as it is in the transcript; `null`: what we say comes behind that line. */
  readonly phoenix: string | null;
  /** What we say instead; nothing if empty. After a close nothing else is expected of that connection. */
  readonly ours: readonly string[];
  /** With which transport. Left out: with every one. */
  readonly on?: On;
  readonly reason: string;
}

/** Against what a scenario is played. */
export interface Stage {
  readonly port: number;
  /** Resolves when the server has nothing more to do. Not for a server of another process: there, a fence is two round trips. */
  readonly settled?: () => Promise<void>;
  /** The server's clock, for scenarios in which time passes. */
  readonly clock?: VirtualClock;
  /** Whether messages that follow each other go out in one write. Default: `false`, one after the other. */
  readonly corked?: boolean;
  /** What to do at a note, by its text. Other notes are prose. */
  readonly notes?: Readonly<Record<string, () => void | Promise<void>>>;
}

/** Plays a scenario. Throws an `AssertionError` that names the line at which the server says something else. */
export async function replay(
  scenario: Omit<Scenario, "id">,
  stage: Stage,
  differences: readonly Difference[] = [],
): Promise<void> {
  using player = new Player(stage);
  const steps = revise(scenario, differences);
  const fences = !scenario.lines.some(({ kind }) => kind === "pass"); // a fence is a sign of life
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    try {
      const follows = scenario.atOnce && steps[i - 1]?.kind === "send";
      if (fences && !follows && step.kind !== "expect" && step.kind !== "note") await player.fence();
      await player.play(step, scenario.atOnce && steps[i + 1]?.kind === "send");
    } catch (error) {
      throw at(step, error);
    }
  }
  if (fences) await player.fence();
  player.end();
}

/** A line as we expect it: a difference may have replaced it. */
type Step = Line & { readonly voids?: boolean };

/** Puts the differences in the place of their lines. Throws if one has no line, or says the same as its line. */
function revise(scenario: Omit<Scenario, "id">, differences: readonly Difference[]): Step[] {
  const steps: Step[] = [];
  const unused = new Set(differences);
  for (const line of scenario.lines) {
    const rows = differences.filter((row) => row.line === line.number);
    if (!rows.some((row) => row.phoenix !== null)) steps.push(line);
    for (const row of rows) {
      unused.delete(row);
      if (row.phoenix !== null && row.phoenix !== line.source.trim()) {
        fail(`the row for line ${row.line} quotes ${row.phoenix}, but the line is ${line.source}`);
      }
      if (row.ours.length === 1 && row.ours[0] === row.phoenix) {
        fail(`the row for line ${row.line} is not needed: both say ${row.phoenix}`);
      }
      steps.push(...row.ours.map((source) => stepOf(line, source)));
    }
  }
  for (const row of unused) fail(`there is no line ${row.line} for the row ${JSON.stringify(row.ours)}`);
  return steps;
}

function stepOf(line: Line, source: string): Step {
  if (line.kind === "http") return { ...line, source };
  const answer = parseAnswer(source);
  if (answer !== null) return { ...answer, number: line.number };
  const [, who, text] = /^(\w+) < (.*)$/s.exec(source) ?? fail(`not what a server says: ${source}`);
  const frame = parseFrame(text);
  return { number: line.number, source, kind: "expect", who, frame, voids: frame.kind === "close" };
}

function at(step: Step, error: unknown): Error {
  const { message } = error as Error;
  return new Error(`line ${step.number}, ${step.source}: ${message}`, { cause: error });
}

/** A connection of the scenario. */
interface Actor {
  readonly client: RawClient;
  readonly isV1: boolean;
  /** `closing`: we have sent a close frame. `void`: it ended where the transcript goes on. */
  state: "open" | "closing" | "closed" | "void";
}

class Player implements Disposable {
  readonly #stage: Stage;
  readonly #actors = new Map<string, Actor>();
  readonly #references = new References();
  readonly #pollers: Pollers;
  #corked: Uint8Array[] = [];
  #fences = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#pollers = new Pollers(stage.port, this.#references);
  }

  /** Does what a line says. `more`: the next line sends as well. */
  async play(step: Step, more: boolean): Promise<void> {
    switch (step.kind) {
      case "connect":
        return await this.#connect(step.who, step.path);
      case "send":
        return await this.#send(this.#actor(step.who), step.frame, more);
      case "expect":
        return await this.#expect(this.#actor(step.who), step.frame, step.voids ?? false);
      case "http":
        return await this.#exchange(step.request, step.source);
      case "ask":
        await this.#stage.settled?.();
        return await this.#pollers.ask(step);
      case "answer":
        return await this.#pollers.expect(step);
      case "drop":
        this.#actor(step.who).client[Symbol.dispose]();
        this.#actor(step.who).state = "void";
        return;
      case "pass":
        return this.#pass(step.ms);
      case "note":
        return await this.#stage.notes?.[step.text]?.();
    }
  }

  /** Shows that nothing has come which nobody expects. */
  async fence(): Promise<void> {
    for (const [who, actor] of this.#actors) if (actor.state === "open") await this.#heartbeat(who, actor);
    await this.#stage.settled?.();
    for (const [who, actor] of this.#actors) {
      if (actor.state === "open") await this.#heartbeat(who, actor);
      const [surplus] = actor.client.pending();
      if (surplus !== undefined && actor.state !== "void") {
        fail(`${who} got ${describe(surplus)}, which nobody expects`);
      }
    }
  }

  /** Nobody waits for anything. */
  end(): void {
    this.#pollers.end();
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#actors.values()) client[Symbol.dispose]();
  }

  async #connect(who: string, path: string): Promise<void> {
    const client = await RawClient.open(this.#stage.port, path);
    this.#actors.set(who, { client, isV1: !/vsn=2/.test(path), state: "open" });
  }

  async #send(actor: Actor, frame: Frame, more: boolean): Promise<void> {
    if (actor.state === "void") return;
    this.#corked.push(bytesOf(frame));
    if (frame.kind === "close") actor.state = "closing";
    if (more && this.#stage.corked) return;
    const parts = this.#corked;
    this.#corked = [];
    await actor.client.send(...parts);
  }

  async #expect(actor: Actor, expected: Frame, voids: boolean): Promise<void> {
    if (actor.state === "void") return;
    if (actor.state === "closed") fail("the connection has ended before");
    const received = await actor.client.next();
    if (received.kind === "close") actor.state = voids ? "void" : "closed";
    if (!matches(expected, received, this.#references)) fail(`got ${describe(received)}`);
  }

  async #exchange(request: readonly string[], expected: string): Promise<void> {
    const { port } = this.#stage;
    using client = await RawClient.connect(port);
    const answer: HttpAnswer = await client.request(
      request.map((line) => line.replace(/^Host: .*/, `Host: 127.0.0.1:${port}`)),
    );
    const actual = describeAnswer(answer.status, answer.headers, answer.body);
    if (!says(expected, actual)) fail(`got ${actual}`);
  }

  async #heartbeat(who: string, { client, isV1 }: Actor): Promise<void> {
    const ref = `fence-${++this.#fences}`;
    const message = { topic: "phoenix", event: "heartbeat", payload: {}, ref };
    await client.text(JSON.stringify(isV1 ? message : [null, ref, "phoenix", "heartbeat", {}]));
    const received = await client.next();
    if (received.kind !== "text" || !received.text.includes(`"${ref}"`)) {
      fail(`${who} got ${describe(received)}, which nobody expects`);
    }
  }

  #pass(ms: number): void {
    const clock = this.#stage.clock ?? fail("time passes, but there is no virtual clock");
    const untilMs = clock.elapsedMs() + ms;
    while (clock.step(untilMs));
  }

  #actor(who: string): Actor {
    return this.#actors.get(who) ?? fail(`${who} is not connected`);
  }
}

function bytesOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case "text":
      return textFrame(frame.text);
    case "raw_text":
      return encodeFrame({ opcode: 1, payload: frame.bytes });
    case "binary":
      return binaryFrame(frame.bytes);
    case "ping":
    case "pong":
      return frame.kind === "ping" ? pingFrame() : encodeFrame({ opcode: 10 });
    case "close":
      return closeFrame(frame.code ?? undefined, frame.reason);
  }
}

function matches(expected: Frame, received: Received, references: References): boolean {
  if (expected.kind === "text") {
    return received.kind === "text" && references.same(jsonOr(expected.text), jsonOr(received.text));
  }
  if (expected.kind === "binary") return received.kind === "binary" && equal(received.bytes, expected.bytes);
  if (expected.kind !== "close") return received.kind === expected.kind;
  return received.kind === "close" && received.code === (expected.code ?? 1005) &&
    says(expected.reason, received.reason);
}

/** Whether `actual` is what is expected; "…" at the end stands for anything. */
function says(expected: string, actual: string): boolean {
  return expected.endsWith("…") ? actual.startsWith(expected.slice(0, -1)) : actual === expected;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function describe(received: Received): string {
  switch (received.kind) {
    case "text":
      return `TEXT ${received.text}`;
    case "close":
      return `CLOSE ${received.code} ${JSON.stringify(received.reason)}`;
    default: {
      const hex = [...received.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
      return `${received.kind === "binary" ? "BIN " : received.kind.toUpperCase()} ${hex}`;
    }
  }
}
