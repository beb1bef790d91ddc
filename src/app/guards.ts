import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { SlowHandler, System } from "../actors/system.ts";
import { addressKey } from "../http/addresses.ts";
import { ForwardedFor } from "../http/forwarded.ts";
import { addressGuard, upgradeGuard, UpgradeRate } from "../http/limits.ts";
import { lagGuard, LoopLag } from "../http/loop_lag.ts";
import type { Middleware, UpgradeRefusal } from "../http/middleware.ts";
import { Pipeline } from "../http/pipeline.ts";
import type { Connection } from "../sessions/connection.ts";
import { InboundRates } from "../sessions/inbound_meter.ts";
import type { IntakePorts } from "../sessions/intake.ts";
import type { OpenWork } from "../sessions/open_work.ts";
import { AddressBook } from "./address_book.ts";
import { LiveLimits } from "./live_limits.ts";
import type { AppOptions, Limits } from "./options.ts";
import { Tally } from "./tally.ts";

/** What the guards need of their engine. */
export interface GuardPorts {
  readonly system: System;
  readonly work: OpenWork;
  /** All connections, those included that are not open yet. */
  connections(): Iterable<Connection>;
  /** Whether there is no place for one more connection. */
  isFull(): boolean;
}

/** What stands between an app and those who ask too much of it: address rules, limits, event-loop lag, middleware. */
export class Guards {
  readonly limits: LiveLimits;
  readonly addresses: AddressBook;
  readonly lag: LoopLag;
  /** The application's own steps. */
  readonly middleware: Pipeline;
  readonly #ports: GuardPorts;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #logger: Logger;
  readonly #forwardedFor: ForwardedFor;
  readonly #byAddress = new Tally();
  readonly #byUser = new Tally();
  /** The app's own steps, before those of a mount. */
  readonly #steps: readonly Middleware[];
  /** How many connections there are, for the lag's sake. */
  #connected = 0;

  /** Throws `bad_network`, `too_many_rules`. */
  constructor(ports: GuardPorts, options: AppOptions<never>, limits: Required<Limits>) {
    this.#ports = ports;
    const { system } = ports;
    const { clock, counters, logger } = system;
    this.#clock = clock;
    this.#counters = counters;
    this.#logger = logger;
    this.limits = new LiveLimits(limits);
    const { addresses = {} } = options;
    this.addresses = new AddressBook({ counters, limits, connections: ports.connections }, addresses);
    this.#forwardedFor = new ForwardedFor(addresses.trustedProxies, addresses.forwardedHeader);
    this.lag = new LoopLag(clock, counters, limits, () => system.scheduler.watchNext());
    this.middleware = this.#pipeline(options.middleware ?? []);
    this.#steps = [
      addressGuard(this.addresses),
      upgradeGuard(new UpgradeRate(clock, counters, limits)),
      lagGuard(this.lag, limits),
      this.#capacityGuard(limits),
    ];
    const watch = (): void => system.watchSlow(limits.slowHandlerMs, (slow) => this.#slow(slow));
    watch();
    this.limits.onChange(watch);
  }

  /** What every request goes through before anything is asked about it: the app's own rules, then those of its mount. */
  gate(...mount: readonly Middleware[]): Pipeline {
    return this.#pipeline([...this.#steps, ...mount]);
  }

  /** What the messages of a mount's connections go through. */
  intake(limits: Required<Limits>): IntakePorts {
    const rates = new InboundRates(limits);
    this.limits.onChange(() => rates.follow(limits));
    return {
      inbound: {
        clock: this.#clock,
        counters: this.#counters,
        recent: this.lag,
        limits,
        rates,
      },
      hooks: this.middleware,
      scheduler: this.#ports.system.scheduler,
      work: this.#ports.work,
      maxWaiting: limits.channelMailbox,
    };
  }

  /** Where a request comes from, behind trusted proxies; empty if that is not known. */
  addressOf({ headers }: Request, remote: Deno.Addr | undefined): string {
    return this.#forwardedFor.client(
      remote !== undefined && "hostname" in remote ? remote.hostname : "",
      headers,
    );
  }

  /** A handshake of `address` begins to be handled: it counts from now on, until it leaves. */
  enter(address: string): void {
    this.#byAddress.add(addressKey(address));
  }

  /** It has been handled. */
  leave(address: string): void {
    this.#byAddress.remove(addressKey(address));
  }

  /** Why a connection of this address and this user cannot be made now, although its handshake was let in before. */
  admission(address: string, userId: string): UpgradeRefusal | null {
    if (!this.addresses.permits(address)) return { status: 403, reason: "address_blocked" };
    const { maxConnectionsPerUser: max } = this.limits.live;
    if (this.#byUser.of(userId) < max) return null;
    return tooMany("too_many_of_user", max);
  }

  /** There is one more connection. */
  connected({ info, user }: Connection): void {
    this.#byAddress.add(addressKey(info.remoteAddress));
    this.#byUser.add(user.id);
    if (this.#connected++ === 0) this.lag.allow(true);
  }

  /** There is one less. */
  disconnected({ info, user }: Connection): void {
    this.#byAddress.remove(addressKey(info.remoteAddress));
    this.#byUser.remove(user.id);
    if (--this.#connected === 0) this.lag.allow(false);
  }

  #capacityGuard(limits: Required<Limits>): Middleware {
    return {
      name: "capacity",
      upgrade: ({ remoteAddress }) => {
        if (this.#ports.isFull()) return { status: 503, reason: "too_many_connections" };
        const max = limits.maxConnectionsPerAddress;
        if (remoteAddress === "" || this.#byAddress.of(addressKey(remoteAddress)) < max) return null;
        return tooMany("too_many_from_address", max);
      },
    };
  }

  #pipeline(steps: readonly Middleware[]): Pipeline {
    return new Pipeline(steps, (middleware, hook, error) => {
      this.#counters.add("middleware.failed");
      this.#logger.log("error", "middleware failed", { middleware, hook, error: messageOf(error) });
    });
  }

  #slow({ path, message, tookMs, messages }: SlowHandler): void {
    this.#counters.add("handlers.slow");
    const event = (message as { readonly event?: unknown } | null)?.event;
    this.#logger.log("warn", "a handler holds up all others", {
      actor: path,
      ...(typeof event === "string" && { event }),
      tookMs: Math.round(tookMs),
      ...(messages > 1 && { orOneOfTheMessagesBefore: messages - 1 }),
    });
  }
}

function tooMany(reason: string, max: number): UpgradeRefusal {
  return { status: 429, reason, details: { max }, headers: { "retry-after": "10" } };
}
