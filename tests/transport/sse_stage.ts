/**
 * An app with streams under a virtual clock, and clients that read them without a network.
 *
 * @module
 */

import { ServerSentEventParseStream } from "@std/http/server-sent-event-parse-stream";
import { App, type AppOptions, sse, type SseOptions } from "../../mod.ts";
import { VirtualTime } from "../../src/testing/virtual_time.ts";

/** Something that came in a stream: an event with its data read as JSON, or a comment. */
export interface Arrival {
  readonly event?: string;
  readonly id?: string;
  readonly data?: unknown;
  readonly comment?: string;
  /** Only of `troupe:going-away`: elsewhere it is random. */
  readonly retry?: number;
}

/** Where the streams of the stage's app are. */
export const SSE_URL = "http://app.example/socket/sse";

/** One stream, as a client reads it. */
export class StreamClient {
  readonly response: Response;
  /** Whether the server has ended it. */
  ended = false;
  readonly #reader: ReadableStreamDefaultReader<Record<string, unknown>>;
  #arrived: Arrival[] = [];
  #token = "";

  constructor(response: Response) {
    this.response = response;
    this.#reader = response.body!.pipeThrough(new ServerSentEventParseStream()).getReader() as never;
    void this.#pump();
  }

  /** The token of `troupe:joined`. */
  get token(): string {
    return this.#token;
  }

  /** What has arrived since the last call. Of `troupe:joined` the token is left out. */
  take(): Arrival[] {
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived;
  }

  /** The same in short: the events' names. */
  takeNames(): (string | undefined)[] {
    return this.take().map(({ event, comment }) => event ?? comment);
  }

  /** Goes away. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  async #pump(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      const rest = { ...value };
      if (rest.event !== "troupe:going-away") delete rest.retry;
      if ("data" in rest) rest.data = JSON.parse(rest.data as string);
      if (rest.event === "troupe:joined") {
        const { token, ...data } = rest.data as Record<string, unknown>;
        this.#token = token as string;
        rest.data = data;
      }
      this.#arrived.push(rest);
    }
    this.ended = true;
  }
}

/** An app with `sse()` alone, which stands still. */
export class SseStage implements AsyncDisposable {
  readonly app: App;
  readonly time = new VirtualTime({});

  constructor(options: AppOptions = {}, bounds: SseOptions = {}) {
    const { clock, random, scheduler } = this.time;
    this.app = new App({ transports: [sse(bounds)], ...options, clock, random, scheduler });
  }

  /** How often something was counted. */
  count(name: string): number {
    return this.app.system.counters.get(name);
  }

  /** A request that is answered without time. */
  async request(query: string, init: RequestInit = {}): Promise<Response> {
    const response = this.app.fetch(new Request(SSE_URL + query, init));
    await this.time.settle();
    return await response;
  }

  /** Opens a stream; throws if it is refused. */
  async open(topic: string, query = "", headers: Record<string, string> = {}): Promise<StreamClient> {
    const response = await this.request(`?topic=${encodeURIComponent(topic)}${query}`, { headers });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const client = new StreamClient(response);
    await this.time.settle();
    return client;
  }

  /** Says something; gives the answer. */
  async post(token: string, body: unknown, query = ""): Promise<Response> {
    return await this.request(query, {
      method: "POST",
      headers: { "content-type": "application/json", "x-troupe-token": token },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Says something; gives the answer in short. */
  async say(token: string, event: string, payload?: unknown, query = ""): Promise<[number, unknown]> {
    const response = await this.post(token, { event, payload }, query);
    const text = await response.text();
    return [response.status, text === "" ? null : JSON.parse(text)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.time.passUntil(this.app.close());
  }
}
