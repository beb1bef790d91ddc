import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import { TokenBucket } from "../base/token_bucket.ts";
import { addressKey, type AddressSet } from "./addresses.ts";
import type { Middleware } from "./middleware.ts";

/** How often one address may ask for a connection. Read again for each request. */
export interface UpgradeLimits {
  /** Requests of one address per second. */
  readonly upgradesPerSecond: number;
  /** Requests of one address at once. */
  readonly upgradeBurst: number;
  /** Addresses that are remembered. */
  readonly maxTrackedAddresses: number;
}

/** How many remembered addresses are looked at for each new one: more than one, so that those that rest are forgotten. */
const SWEEP = 4;

type Remembered = [address: string, bucket: TokenBucket];

/**
 * Limits how often each address asks for connections. Addresses that may ask for a whole burst again are forgotten; where
 * too many are remembered all the same, the one that is looked at next is, and gets a new burst
 * (`limits.addresses_evicted`).
 */
export class UpgradeRate {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #limits: UpgradeLimits;
  readonly #buckets = new Map<string, TokenBucket>();
  /** Goes round. A new iterator for each look would walk over the holes of all those that were forgotten. */
  #hand: Iterator<Remembered> = this.#buckets.entries();

  /** Remembers nobody. */
  constructor(clock: Clock, counters: Counters, limits: UpgradeLimits) {
    this.#clock = clock;
    this.#counters = counters;
    this.#limits = limits;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts one request of `address`. Returns in how many milliseconds it may ask again, 0 if it may now. */
  take(address: string): number {
    const { upgradesPerSecond: perSecond, upgradeBurst: burst } = this.#limits;
    const nowMs = this.#clock.elapsedMs();
    const key = addressKey(address);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#sweep(nowMs);
      this.#buckets.set(key, bucket = new TokenBucket());
    }
    return bucket.take(1, nowMs, { perSecond, burst });
  }

  /** Makes a place for one more. */
  #sweep(nowMs: number): void {
    for (let i = 0; i < SWEEP; i++) {
      const next = this.#next();
      if (next === null) return;
      const [key, bucket] = next;
      if (bucket.isFull(nowMs)) this.#buckets.delete(key);
    }
    while (this.#buckets.size >= this.#limits.maxTrackedAddresses) {
      this.#buckets.delete(this.#next()![0]);
      this.#counters.add("limits.addresses_evicted");
    }
  }

  #next(): Remembered | null {
    if (this.#buckets.size === 0) return null;
    let { value } = this.#hand.next();
    if (value === undefined) {
      this.#hand = this.#buckets.entries();
      ({ value } = this.#hand.next());
    }
    return value ?? null;
  }
}

/** Refuses those who ask too often, with 429. Requests of an unknown address are not limited. */
export function upgradeGuard(rate: UpgradeRate): Middleware {
  return {
    name: "upgrade-rate",
    upgrade({ remoteAddress }) {
      const waitMs = remoteAddress === "" ? 0 : rate.take(remoteAddress);
      if (waitMs === 0) return null;
      return {
        status: 429,
        reason: "too_many_upgrades",
        details: { retryAfterMs: waitMs },
        headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
      };
    },
  };
}

/** Whether an address may connect: not if it is denied; if any are allowed by name, only those. */
export interface AddressRules {
  readonly denied: AddressSet;
  readonly allowed: AddressSet;
}

/** Whether `rules` let `address` in. An unknown address is let in unless there is a list of those that are allowed. */
export function permits({ denied, allowed }: AddressRules, address: string): boolean {
  return !denied.has(address) && (allowed.size === 0 || allowed.has(address));
}

/** Refuses addresses that may not connect, with 403. */
export function addressGuard(rules: { permits(address: string): boolean }): Middleware {
  return {
    name: "addresses",
    upgrade: ({ remoteAddress }) =>
      rules.permits(remoteAddress) ? null : { status: 403, reason: "address_blocked" },
  };
}
