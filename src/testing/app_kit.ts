import { immediateTurns } from "../actors/scheduler.ts";
import { App } from "../app/app.ts";
import type { AppOptions } from "../app/options.ts";
import { type Random, seededRandom } from "../base/random.ts";
import type { User } from "../sessions/user.ts";
import { type FakeConnection, FakeTransport } from "./fake_transport.ts";
import { ManualTurns } from "./manual_turns.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What an {@link AppKit} takes: the app's own options, less those that the kit sets. */
export interface AppKitOptions<U extends User = User>
  extends Omit<AppOptions<U>, "clock" | "random" | "scheduler" | "transports"> {
  /** Fixes ids, jitter and, with `shuffle`, the order in which ready actors run. Default: 1. */
  seed?: number;
  /** Whether ready actors run in a random order that the seed fixes, to look for races. Default: `false`. */
  shuffle?: boolean;
  /** How drains are bounded. */
  scheduler?: { maxSteps?: number; maxMs?: number };
}

/** More turns than this in a row without coming to rest means that the app never will. */
const MAX_TURNS = 100_000;

/**
 * An app under a virtual clock, with connections that need no network: nothing moves until the test says so.
 *
 * @example
 * ```ts
 * import { AppKit } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using kit = new AppKit();
 * kit.app.topic("room:{id}", { on: { echo: (_ctx, payload) => payload } });
 * const client = await kit.connect("/socket/websocket?vsn=2.0.0");
 * client.send('["1","1","room:1","phx_join",{}]');
 * client.send('["1","2","room:1","echo",{"text":"hi"}]');
 * await kit.settle();
 * assertEquals(client.take(), [
 *   '["1","1","room:1","phx_reply",{"response":{},"status":"ok"}]',
 *   '["1","2","room:1","phx_reply",{"response":{"text":"hi"},"status":"ok"}]',
 * ]);
 * ```
 */
export class AppKit<U extends User = User> {
  /** The app. Give it its topics and components. */
  readonly app: App<U>;
  /** Its clock. */
  readonly clock: VirtualClock;
  /** Its randomness. */
  readonly random: Random;
  readonly #turns = new ManualTurns();
  readonly #transport = new FakeTransport();

  /** Makes an app that stands still. */
  constructor(options: AppKitOptions<U> = {}) {
    const { seed = 1, shuffle = false, scheduler, ...appOptions } = options;
    this.clock = new VirtualClock();
    this.random = seededRandom(seed);
    this.app = new App<U>({
      ...appOptions,
      clock: this.clock,
      random: this.random,
      transports: [this.#transport],
      scheduler: {
        ...scheduler,
        turns: this.#turns,
        ...(shuffle && { order: seededRandom(seed ^ 0x5f5f_5f5f) }),
      },
    });
  }

  /**
   * Opens a connection to `path`, with its query: `/socket/websocket?vsn=2.0.0`, or a component's path. Throws an
   * `Error` with the response's status and body if the app refuses.
   */
  async connect(path: string, headers: HeadersInit = {}): Promise<FakeConnection> {
    const result = await this.tryConnect(path, headers);
    if (!(result instanceof Response)) return result;
    throw new Error(`${path} was refused with status ${result.status}: ${await result.text()}`);
  }

  /** Like {@link AppKit.connect}, but hands out the response if the app refuses. */
  async tryConnect(path: string, headers: HeadersInit = {}): Promise<FakeConnection | Response> {
    const request = this.#transport.request(new URL(path, "http://app.example"), headers);
    const response = await this.app.fetch(request);
    const connection = this.#transport.accepted(request);
    if (connection === null) return response;
    connection.open();
    await this.settle();
    return connection;
  }

  /**
   * Runs until nothing is ready, at the same instant: actors, commits, flushes, and the promises of async handlers.
   * Throws if it never comes to rest.
   */
  async settle(): Promise<void> {
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      this.#turns.give();
      await new Promise<void>((resolve) => immediateTurns.request(resolve)); // lets all promise reactions run
      if (!this.#turns.requested) return;
    }
    throw new Error(`The app did not come to rest within ${MAX_TURNS} turns`);
  }

  /** Gives the app one turn of the event loop: run, commit, flush. */
  turn(): void {
    this.#turns.give();
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs)) await this.settle();
    await this.settle();
  }

  /** Closes the app. What does not end by itself is cut off after its time-outs, in virtual time. */
  async [Symbol.asyncDispose](): Promise<void> {
    let done = false;
    const ended = this.app.close().then(() => done = true);
    await this.settle();
    while (!done) await this.advance(1_000);
    await ended;
  }
}
