import { type App, livesOf } from "../app/app.ts";
import type { AppOptions } from "../app/options.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { User } from "../sessions/user.ts";
import type { Log } from "../topics/log.ts";
import { FakeNetwork } from "./fake_network.ts";
import { FakeTransport } from "./fake_transport.ts";
import { type ConnectOptions, TestClient } from "./test_client.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { VirtualTime, type VirtualTimeOptions } from "./virtual_time.ts";

/** What {@link testKit} takes beside the app. */
export interface TestKitOptions extends VirtualTimeOptions {
  /** Takes the log lines. Default: whoever takes the app's. */
  logger?: Logger;
  /** Keeps the histories of topics. Default: memory of the kit's own, whatever the app has. */
  log?: Log;
}

/** The ports of a test: spread them into the options of an app that is made for it. */
export type TestPorts = Pick<AppOptions, "clock" | "random" | "scheduler" | "transports" | "log" | "logger">;

/**
 * Tests an app as its clients see it, on a virtual clock and without a port: nothing moves until the test says so, an
 * hour passes in a millisecond, and the same seed gives the same run.
 *
 * `app` is the very value that is served: the kit makes all that it has declared (options, topics, paths, middleware)
 * anew over ports of its own, and until the kit is disposed of, the app is that. So each kit begins afresh, one after the
 * other, with empty histories, and handlers that call the app mean the one that is tested. What is not the engine's, such
 * as a variable of the module or a database, is not made anew. An app of which something has been used before (`app.system`, `app.limits`,
 * `app.listen`, …) cannot be tested by value: give a function that makes it.
 *
 * @param app An app, or a function that makes one of the ports that it is given.
 * @param options The seed, above all.
 * @throws {TroupeError} `app_in_use` for an app that serves, is closed, has another kit, or of which somebody may hold a
 * part.
 *
 * @example
 * ```ts
 * import { App, defineTopic } from "@troupe/core";
 * import { testKit } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const Room = defineTopic("room:{id}", {
 *   client: { say: { payload: z.object({ text: z.string() }) } },
 *   server: { said: z.object({ text: z.string() }) },
 * });
 * const app = new App().topic(Room, { on: { say: (ctx, { text }) => ctx.broadcast("said", { text }) } });
 *
 * await using kit = testKit(app, { seed: 7 });
 * const [ada, bob] = [await kit.connect(), await kit.connect()];
 * const room = await ada.join(Room, { id: "1" });
 * const heard = await bob.join(Room, { id: "1" });
 * await room.send("say", { text: "hi" });
 * assertEquals(await heard.next("said"), { text: "hi" });
 * await ada.drop();
 * await kit.advance(3_600_000);
 * await ada.reconnect();
 * assertEquals(room.status, "joined");
 * ```
 */
export function testKit<U extends User>(
  app: App<U> | ((ports: TestPorts) => App<U>),
  options: TestKitOptions = {},
): TestKit<U> {
  return new TestKit(app, options);
}

/** See {@link testKit}. */
export class TestKit<U extends User = User> {
  /** The app. */
  readonly app: App<U>;
  /** Its clock. */
  readonly clock: VirtualClock;
  /** Its randomness. */
  readonly random: Random;
  readonly #time: VirtualTime;
  readonly #network: FakeNetwork;
  readonly #clients: TestClient[] = [];
  readonly #close: () => Promise<void>;

  /** See {@link testKit}. */
  constructor(
    app: App<U> | ((ports: TestPorts) => App<U>),
    { seed, shuffle, scheduler, logger, log }: TestKitOptions,
  ) {
    const time = this.#time = new VirtualTime({ seed, shuffle, scheduler });
    this.clock = time.clock;
    this.random = time.random;
    const transport = new FakeTransport();
    const ports: TestPorts = {
      clock: time.clock,
      random: time.random,
      scheduler: time.scheduler,
      transports: [transport],
      log, // undefined too: not the app's, which other processes may have open
      ...(logger !== undefined && { logger }),
    };
    if (typeof app === "function") {
      this.app = app(ports);
      this.#close = () => this.app.close();
    } else {
      this.app = app;
      this.#close = livesOf(app as unknown as App<never>).over(ports);
    }
    this.#network = new FakeNetwork(time, transport, this.app.fetch);
    time.onRest = () => this.#clients.filter((client) => client.receive()).length > 0;
  }

  /**
   * Connects a client.
   *
   * @throws {TroupeError} `connect_refused`, with the `status` and the `body` of the response in `details`.
   */
  async connect(options: ConnectOptions = {}): Promise<TestClient> {
    const client = new TestClient(this.#network, this.#time, options);
    this.#clients.push(client);
    await client.open();
    return client;
  }

  /**
   * Runs until nothing is ready, at the same instant: actors, commits, flushes, the promises of async handlers, and what
   * clients answer. Throws if it never comes to rest.
   */
  async settle(): Promise<void> {
    await this.#time.settle();
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
  }

  /**
   * Closes what was tested. What does not end by itself is cut off after its time-outs, in virtual time. An app that was
   * given by value is as it was before, and may have another kit.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#time.passUntil(this.#close());
  }
}
