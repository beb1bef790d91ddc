import { App } from "../app/app.ts";
import type { AppOptions } from "../app/options.ts";
import type { Random } from "../base/random.ts";
import type { User } from "../sessions/user.ts";
import { FakeNetwork } from "./fake_network.ts";
import { type FakeConnection, FakeTransport } from "./fake_transport.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { VirtualTime, type VirtualTimeOptions } from "./virtual_time.ts";

/** What an {@link AppKit} takes: the app's own options, less those that the kit sets. */
export interface AppKitOptions<U extends User = User>
  extends Omit<AppOptions<U>, "clock" | "random" | "scheduler" | "transports">, VirtualTimeOptions {}

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
  readonly #time: VirtualTime;
  readonly #network: FakeNetwork;

  /** Makes an app that stands still. */
  constructor(options: AppKitOptions<U> = {}) {
    const { seed, shuffle, scheduler: bounds, ...appOptions } = options;
    const time = this.#time = new VirtualTime({ seed, shuffle, scheduler: bounds });
    const { clock, random, scheduler } = time;
    this.clock = clock;
    this.random = random;
    const transport = new FakeTransport();
    this.app = new App<U>({ ...appOptions, clock, random, scheduler, transports: [transport] });
    this.#network = new FakeNetwork(time, transport, this.app.fetch);
  }

  /**
   * Opens a connection to `path`, with its query: `/socket/websocket?vsn=2.0.0`, or a component's path. Throws an
   * `Error` with the response's status and body if the app refuses. `from`: the address that it comes from, for a server
   * that knows it.
   */
  async connect(path: string, headers: HeadersInit = {}, from?: string): Promise<FakeConnection> {
    const result = await this.tryConnect(path, headers, from);
    if (!(result instanceof Response)) return result;
    throw new Error(`${path} was refused with status ${result.status}: ${await result.text()}`);
  }

  /** Like {@link AppKit.connect}, but hands out the response if the app refuses. */
  async tryConnect(
    path: string,
    headers: HeadersInit = {},
    from?: string,
  ): Promise<FakeConnection | Response> {
    return await this.#network.connect(path, headers, from);
  }

  /**
   * Runs until nothing is ready, at the same instant: actors, commits, flushes, and the promises of async handlers.
   * Throws if it never comes to rest.
   */
  async settle(): Promise<void> {
    await this.#time.settle();
  }

  /** Gives the app one turn of the event loop: run, commit, flush. */
  turn(): void {
    this.#time.turn();
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
  }

  /** Closes the app. What does not end by itself is cut off after its time-outs, in virtual time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#time.passUntil(this.app.close());
  }
}
