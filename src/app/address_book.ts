import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import { AddressSet } from "../http/addresses.ts";
import type { ForwardedHeader } from "../http/forwarded.ts";
import { type AddressRules, permits } from "../http/limits.ts";
import { CLOSE_POLICY } from "../protocol/close_codes.ts";
import type { Connection } from "../sessions/connection.ts";

/** What an app is told of addresses. All lists hold addresses and networks: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`. */
export interface AddressOptions {
  /** The only ones that may connect. Default: all. */
  allow?: readonly string[];
  /** Those that may not, allowed or not. Default: none. Beyond: status 403 (`upgrades.refused.address_blocked`). */
  deny?: readonly string[];
  /**
   * Proxies whose word is taken for where a request comes from. What they say is the address everywhere then: in the
   * rules, the limits, `authenticate`, handlers and logs. Default: none, so that the address is the other end of the TCP
   * connection.
   */
  trustedProxies?: readonly string[];
  /**
   * The header in which they say it: the other one is not looked at, since a proxy passes on whatever a client has put
   * there. It is read from the right, and as far as the proxies that it names are trusted. Default: `x-forwarded-for`.
   */
  forwardedHeader?: ForwardedHeader;
}

/** Which addresses may connect. The rules can be changed at any time. */
export interface Addresses {
  /** The addresses and networks that may not connect. */
  readonly blocked: readonly string[];
  /** The only ones that may connect, unless they are blocked; empty: all. */
  readonly allowed: readonly string[];
  /** Whether `address` may connect. */
  permits(address: string): boolean;
  /**
   * Blocks addresses and networks: nobody connects from there any more, and the connections that are there are closed
   * with 1008 at the end of the turn (`connections.address_blocked`). Returns how many those are.
   *
   * @throws {TroupeError} `bad_network`, `too_many_rules`; then nothing has changed.
   */
  block(...networks: string[]): number;
  /**
   * Takes {@link Addresses.block} back, for exactly these. Returns how many of them were blocked.
   *
   * @throws {TroupeError} `bad_network`.
   */
  unblock(...networks: string[]): number;
  /**
   * Allows these alone from now on; without any, all. The connections of others are closed like those of blocked ones.
   * Returns how many those are.
   *
   * @throws {TroupeError} `bad_network`, `too_many_rules`; then nothing has changed.
   */
  allowOnly(...networks: string[]): number;
}

/** What the book needs. */
export interface AddressBookPorts {
  readonly counters: Counters;
  readonly limits: { readonly maxAddressRules: number };
  /** All connections, those included that are not open yet. */
  connections(): Iterable<Connection>;
}

/** Knows which addresses may connect, and closes the connections of those that may not any more. */
export class AddressBook implements Addresses {
  readonly #ports: AddressBookPorts;
  readonly #denied = new AddressSet();
  #allowed = new AddressSet();

  /** Throws `bad_network`, `too_many_rules`. */
  constructor(ports: AddressBookPorts, { allow = [], deny = [] }: AddressOptions) {
    this.#ports = ports;
    this.block(...deny);
    this.allowOnly(...allow);
  }

  /** The rules, as they are now. */
  get rules(): AddressRules {
    return { denied: this.#denied, allowed: this.#allowed };
  }

  get blocked(): readonly string[] {
    return [...this.#denied];
  }

  get allowed(): readonly string[] {
    return [...this.#allowed];
  }

  permits(address: string): boolean {
    return permits(this.rules, address);
  }

  block(...networks: string[]): number {
    const added = new AddressSet(networks); // all are read before anything is changed
    this.#checkSize(this.#denied.size + added.size);
    for (const network of added) this.#denied.add(network);
    return this.#closeOthers();
  }

  unblock(...networks: string[]): number {
    return [...new AddressSet(networks)].filter((network) => this.#denied.delete(network)).length;
  }

  allowOnly(...networks: string[]): number {
    const allowed = new AddressSet(networks);
    this.#checkSize(allowed.size);
    this.#allowed = allowed;
    return this.#closeOthers();
  }

  #checkSize(size: number): void {
    const { maxAddressRules } = this.#ports.limits;
    if (size <= maxAddressRules) return;
    throw new TroupeError(
      "too_many_rules",
      `Cannot keep ${size} addresses and networks: limits.maxAddressRules is ${maxAddressRules}`,
      { details: { size, maxAddressRules } },
    );
  }

  #closeOthers(): number {
    let closed = 0;
    for (const connection of this.#ports.connections()) {
      if (this.permits(connection.info.remoteAddress)) continue;
      closed++;
      this.#ports.counters.add("connections.address_blocked");
      connection.closeInTurn(CLOSE_POLICY, "the address is blocked");
    }
    return closed;
  }
}
