/**
 * Plain HTTP under the corpus: long-poll, server-sent events, handshakes and the ready server's own routes. Nothing is
 * answered with a fault of the server's, and nobody but the sender is touched.
 */

import { assert, assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Transport, websocket } from "../../mod.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import type { WireData } from "../../src/protocol/frame.ts";
import { startServer as startReady } from "../../src/server/main.ts";
import { ws } from "../../src/transport/ws/mod.ts";
import { until } from "../app/client.ts";
import { LONG } from "../optional.ts";
import { Corpus, OURS, transcribed } from "./corpus.ts";
import { mutated, pick } from "./generate.ts";
import { Bystander, startServer } from "./server.ts";

const SEED = Number(Deno.env.get("TROUPE_FUZZ_SEED") ?? 20_260_101);
const REQUESTS = LONG ? 20_000 : 800;
/** Only a broken server is that slow. */
const PATIENCE_MS = 30_000;
/** The most streams that are open at a time. */
const MAX_STREAMS = 8;

const TYPES = ["application/json", "application/x-ndjson", "text/plain", "application/json; charset=x", ""];
const TOPICS = [
  "free:1",
  "typed:1",
  "kept:1",
  "kept:*",
  "kept:{id}",
  "none:1",
  "",
  "phoenix",
  "troupe",
  "%ff",
  "💬",
];
const METHODS = ["GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD", "PATCH"];
const NAMES = [
  "origin",
  "accept",
  "x-forwarded-for",
  "content-type",
  "last-event-id",
  "cookie",
  "authorization",
];
const VALUES = [
  "",
  "null",
  "http://evil.example",
  "text/html",
  "a:b",
  "e:1",
  "troupe-stay-away",
  ",,",
  "x".repeat(3_000),
];

/** What is said over server-sent events, and payloads of joins. */
const SAID: readonly WireData[] = [
  '{"event":"echo","payload":{"a":1}}',
  '{"event":"give","payload":{"text":"hi"}}',
  '{"event":"spread","payload":{"troupe:id":"x","text":"hi"}}',
  '{"event":"troupe:presence","payload":{"after":0}}',
  '{"event":"troupe:refresh","topic":"troupe","payload":{"token":"t"}}',
  '{"troupe":{"epoch":"e","offset":0}}',
];

/** Several messages in one body of a long-poll client. */
const BODIES: readonly WireData[] = [
  '["1","1","kept:1","phx_join",{"troupe":{"offset":0}}]\n["1","2","kept:1","spread",{}]\n',
  '["1","1","free:1","phx_join",{}]\n["1","2","free:1","echo",{"a":1}]\nAAEBBgMzMQ==\n',
  '["1","1","kept:*","phx_join",{}]',
];

/** Somebody who talks plain HTTP, and remembers what the server has given. */
class Talker {
  readonly #origin: string;
  readonly #random: Random;
  readonly #corpus: Corpus;
  /** What is said over server-sent events has a form of its own. */
  readonly #said = new Corpus(SAID);
  readonly #streams: ReadableStreamDefaultReader<Uint8Array>[] = [];
  /** Tokens, and ids of events. */
  readonly #tokens: { poll: string[]; stream: string[] } = { poll: [], stream: [] };
  readonly #ids = ["e:1", "e:0"];

  constructor(port: number, random: Random, corpus: Corpus) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#random = random;
    this.#corpus = corpus;
  }

  /** One request, and its answer. */
  async talk(): Promise<void> {
    const [path, init, data] = this.#request();
    let response: Response;
    try {
      response = await deadline(fetch(this.#origin + path, init), PATIENCE_MS);
    } catch (error) {
      // What no client sends never left; the server may end a connection whose body it does not want.
      if (error instanceof TypeError) return;
      throw error;
    }
    const isStream = response.headers.get("content-type") === "text/event-stream" && response.body !== null;
    const text = isStream ? await this.#begin(response.body!) : await response.text();
    const shown = `${init.method} ${path} ${String(data)} → ${response.status} ${text}`;
    assert(response.status < 500 || response.status === 503, shown);
    this.#learn(path, text);
    const reason = /"(?:reason|status)":("?\w+)/.exec(text)?.[1];
    const corpus = path.startsWith("/socket/sse") ? this.#said : this.#corpus;
    if (data !== null) corpus.learn(data, `${path.slice(0, 12)}${response.status}${reason}`);
  }

  /** Leaves all streams. */
  async end(): Promise<void> {
    for (const stream of this.#streams) await stream.cancel();
  }

  #request(): [path: string, init: RequestInit, data: WireData | null] {
    const random = this.#random;
    const kind = random.integer(6);
    const data = (kind > 2 && random.integer(6) > 0 ? this.#said : this.#corpus).next(random);
    const body = typeof data === "string" ? data.toWellFormed() : data;
    const headers: Record<string, string> = {};
    if (random.integer(5) === 0) headers[pick(random, NAMES)] = pick(random, VALUES);
    const type = pick(random, TYPES);
    const odd = random.integer(20) === 0 ? pick(random, METHODS) : null;
    const init = (method: string): RequestInit => {
      const asked = odd ?? method;
      const hasBody = asked !== "GET" && asked !== "HEAD";
      return {
        method: asked,
        headers: hasBody ? { "content-type": type, ...headers } : headers,
        ...(hasBody && { body }),
      };
    };
    switch (kind) {
      case 0:
        return [`/socket/longpoll?vsn=${pick(random, ["2.0.0", "2.1.0", "1.0.0", "x"])}`, init("GET"), null];
      case 1:
        return [`/socket/longpoll?vsn=2.0.0&token=${this.#token("poll")}`, init("GET"), null];
      case 2:
        return [`/socket/longpoll?vsn=2.0.0&token=${this.#token("poll")}`, init("POST"), data];
      case 3: {
        if (random.integer(2) === 0) headers["last-event-id"] = this.#id();
        const payload = typeof data === "string" ? `&payload=${encodeURIComponent(data.toWellFormed())}` : "";
        const topic = encodeURIComponent(pick(random, TOPICS));
        const refusal = random.integer(4) === 0 ? "&refusal=event" : "";
        return [
          `/socket/sse?topic=${topic}${random.integer(2) === 0 ? payload : ""}${refusal}`,
          init("GET"),
          data,
        ];
      }
      default: {
        const wait = random.integer(2) === 0 ? "&reply=false" : "";
        if (random.integer(4) > 0) headers["content-type"] = "application/json";
        return [`/socket/sse?token=${this.#token("stream")}${wait}`, init("POST"), data];
      }
    }
  }

  #token(kind: "poll" | "stream"): string {
    const token = this.#tokens[kind].at(-1 - this.#random.integer(3)) ?? "none";
    return encodeURIComponent(
      this.#random.integer(8) === 0 ? mutated(this.#random, token).toWellFormed() : token,
    );
  }

  #id(): string {
    const id = pick(this.#random, this.#ids);
    const changed = this.#random.integer(3) === 0 ? mutated(this.#random, id) : id;
    return changed.replace(/[^\x20-\x7e]/g, "").trim();
  }

  /** The beginning of a stream, which stays open. */
  async #begin(body: ReadableStream<Uint8Array>): Promise<string> {
    const reader = body.getReader();
    const { value } = await deadline(reader.read(), PATIENCE_MS);
    this.#streams.push(reader);
    if (this.#streams.length > MAX_STREAMS) await this.#streams.shift()!.cancel();
    return new TextDecoder().decode(value);
  }

  #learn(path: string, text: string): void {
    const token = /"token":"([^"]+)"/.exec(text)?.[1];
    if (token !== undefined) this.#tokens[path.startsWith("/socket/sse") ? "stream" : "poll"].push(token);
    const id = /^id: (.+)$/m.exec(text)?.[1];
    if (id !== undefined) this.#ids[this.#ids.length < 20 ? this.#ids.length : this.#random.integer(20)] = id;
  }
}

async function fuzz(transport: Transport): Promise<void> {
  const { app, server } = startServer(transport);
  const corpus = new Corpus([...transcribed(), ...OURS, ...BODIES]);
  try {
    const bystander = await Bystander.join(app, server.port);
    const living = bystander.live();
    const lanes = Array.from({ length: 4 }, async (_, i) => {
      const talker = new Talker(server.port, seededRandom(SEED + i), corpus);
      for (let sent = 0; sent < REQUESTS / 4; sent++) await talker.talk();
      await talker.end();
    });
    await Promise.race([Promise.all(lanes), living.then(() => assert(false, "the bystander has stopped"))]);
    await bystander.stop(living);
    const { counters } = app.system;
    for (const name of ["connections.crashed", "components.errors", "scheduler.faults", "fallback.failed"]) {
      assertEquals([name, counters.get(name)], [name, 0]);
    }
    assert(counters.get("channels.joined") > 10, "some of it was sane");
    await until(() => app.connections.size === 0);
  } catch (error) {
    throw new Error(`with the seed ${SEED}`, { cause: error });
  } finally {
    await server.close();
  }
  assertEquals(app.system.actorCount, 0);
}

for (const [name, make] of [["the runtime's listener", () => websocket], ["node:http", ws]] as const) {
  Deno.test(`Fuzz: ${REQUESTS} requests of long-poll and SSE clients touch nobody, on ${name}`, () =>
    fuzz(make()));
}

Deno.test("Fuzz: the ready server's routes answer whatever is asked of them, and chat and health live on", async () => {
  const random = seededRandom(SEED);
  const paths = [
    "/",
    "/chat.js",
    "/style.css",
    "/icon.svg",
    "/healthz",
    "/readyz",
    "/echo",
    "/shout",
    "/socket/websocket",
    "/socket/sse",
    "/socket/longpoll",
  ];
  for (const transport of [websocket, ws()]) {
    const server = startReady({ port: 0, transport });
    try {
      for (let sent = 0; sent < REQUESTS / 2; sent++) {
        const path = random.integer(2) === 0 ? pick(random, paths) : mutated(random, pick(random, paths));
        const method = random.integer(3) === 0 ? pick(random, METHODS) : "GET";
        const headers = random.integer(3) === 0 ? { [pick(random, NAMES)]: pick(random, VALUES) } : undefined;
        const url = `${server.url.slice(0, -1)}/${path.slice(1).toWellFormed()}`;
        const wait = AbortSignal.timeout(PATIENCE_MS);
        if (new URL(url).pathname === "/socket/longpoll" || !url.startsWith(server.url)) continue;
        const response = await fetch(url, { method, headers, redirect: "manual", signal: wait });
        await response.body?.cancel();
        assert(response.status < 500, `seed ${SEED}: ${method} ${url} → ${response.status}`);
      }
      assertEquals(await (await fetch(`${server.url}healthz`)).text(), "ok\n");
      assertEquals((await (await fetch(`${server.url}readyz`)).json()).ready, true);
    } finally {
      await server.close();
    }
  }
});
