import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
} from "jose";
import type { Clock } from "../base/clock.ts";
import { messageOf, TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { KeySource } from "./key_source.ts";

/** What a {@link KeySet} needs. */
export interface KeySetPorts {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  /** How soon it may be read again, in milliseconds. */
  readonly cooldownMs: number;
  /** After how long it is read again in any case, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Keys by the header of a token. */
type Keys = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/**
 * An issuer's public keys. They are read again when a token names one that is not known, or when they are old; never
 * more often than once in `cooldownMs`, and once for all who wait. If that fails, those that are known stay, and nobody
 * waits for the next try: it is counted (`jwt.jwks_failed`) and logged.
 */
export class KeySet {
  readonly #ports: KeySetPorts;
  #keys: Keys | null = null;
  /** In the clock's elapsed milliseconds, both. */
  #readMs = -Infinity;
  #triedMs = -Infinity;
  #reading: Promise<void> | null = null;
  /** The last try has failed. */
  #failed = false;

  constructor(ports: KeySetPorts) {
    this.#ports = ports;
  }

  /** Takes `text` as what was read. Throws for what is no key set. */
  accept(text: string): void {
    this.#keys = createLocalJWKSet(JSON.parse(text));
    this.#readMs = this.#triedMs = this.#ports.clock.elapsedMs();
    this.#failed = false;
  }

  /**
   * The key for a token.
   *
   * @throws What `jose` throws for a token without a key, or with several; `jwks_unavailable` (retryable) while there
   * is no key set at all.
   */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    const { clock, maxAgeMs } = this.#ports;
    if (clock.elapsedMs() - this.#readMs >= maxAgeMs) {
      const read = this.#read();
      if (this.#keys === null || !this.#failed) await read;
    }
    const keys = this.#keys;
    if (keys === null) throw this.#unavailable();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#read();
      if (this.#keys === keys) throw error;
      return await this.#keys!(header, token);
    }
  };

  #read(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    const { clock, cooldownMs } = this.#ports;
    const nowMs = clock.elapsedMs();
    if (nowMs - this.#triedMs < cooldownMs) return Promise.resolve();
    this.#triedMs = nowMs;
    return this.#reading = this.#readNow().finally(() => this.#reading = null);
  }

  async #readNow(): Promise<void> {
    const { source, counters, logger } = this.#ports;
    counters.add("jwt.jwks_read");
    try {
      this.accept(await source());
    } catch (error) {
      this.#failed = true;
      counters.add("jwt.jwks_failed");
      logger.log("error", "the key set cannot be read", { error: messageOf(error) });
    }
  }

  #unavailable(): TroupeError {
    const { clock, cooldownMs } = this.#ports;
    return new TroupeError("jwks_unavailable", "Cannot verify a token: the key set could not be read", {
      retryable: true,
      retryAfterMs: Math.max(Math.ceil(this.#triedMs + cooldownMs - clock.elapsedMs()), 0),
    });
  }
}
