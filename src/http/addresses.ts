import ipaddr from "ipaddr.js";
import { TroupeError } from "../base/errors.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Reads an address: IPv4 in four decimal parts, or IPv6, without brackets and port. An IPv4 address that is mapped into
 * IPv6 (`::ffff:192.0.2.1`) counts as IPv4, and a zone (`%eth0`) does not count. `null` for what is none.
 */
export function parseAddress(text: string): Address | null {
  if (!text.includes(":")) {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : null;
  }
  const percent = text.indexOf("%");
  const bare = percent < 0 ? text : text.slice(0, percent);
  return ipaddr.IPv6.isValid(bare) ? plain(ipaddr.IPv6.parse(bare)) : null;
}

/** The one spelling of an address that all others come to; what is none stays as it is. */
export function normalAddress(text: string): string {
  if (!text.includes(":")) return text;
  return parseAddress(text)?.toString() ?? text;
}

/**
 * What counts as one address where there is a limit for each: an IPv4 address, or the first 64 bits of an IPv6 address,
 * since whoever has one address of a /64 has all of them (RFC 6177). Empty for none.
 */
export function addressKey(text: string): string {
  if (!text.includes(":")) return text;
  const address = parseAddress(text);
  if (address === null) return text;
  return address instanceof ipaddr.IPv4 ? address.toString() : masked(address, 64);
}

function plain(address: ipaddr.IPv6): Address {
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** The first `bits` of an address, its kind and how many they are: the key of a network. */
function masked(address: Address, bits: number): string {
  const bytes = address.toByteArray();
  let key = `${address.kind()}/${bits}/`;
  for (let i = 0; i * 8 < bits; i++) {
    const keep = Math.min(bits - i * 8, 8);
    key += (bytes[i] & (0xff << (8 - keep))).toString(16).padStart(2, "0");
  }
  return key;
}

/** A network: its key, and how many bits of which kind of address it goes by. */
interface Network {
  readonly kind: "ipv4" | "ipv6";
  readonly bits: number;
  readonly key: string;
}

/** Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. */
function parseNetwork(cidr: string): Network | null {
  const slash = cidr.lastIndexOf("/");
  const text = slash < 0 ? cidr : cidr.slice(0, slash);
  const address = parseAddress(text);
  if (address === null || text.includes("%")) return null;
  const kind = address.kind();
  const isMapped = kind === "ipv4" && text.includes(":");
  const width = kind === "ipv4" ? 32 : 128;
  if (slash < 0) return { kind, bits: width, key: masked(address, width) };
  const given = cidr.slice(slash + 1);
  if (!/^\d{1,3}$/.test(given)) return null;
  const bits = Number(given) - (isMapped ? 96 : 0);
  return bits >= 0 && bits <= width ? { kind, bits, key: masked(address, bits) } : null;
}

/**
 * A set of addresses and networks (CIDR, RFC 4632). It may change at any time. Whether an address is in it takes one
 * look for each length of prefix that it holds, not one for each network.
 *
 * @example
 * ```ts
 * import { AddressSet } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const office = new AddressSet(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]);
 * assertEquals(office.has("192.0.2.99"), true);
 * assertEquals(office.has("::ffff:192.0.2.99"), true);
 * assertEquals(office.has("198.51.100.8"), false);
 * ```
 */
export class AddressSet {
  /** As they were given, by the keys of their networks. */
  readonly #networks = new Map<string, string>();
  /** How many networks have each kind and length of prefix. */
  readonly #lengths = new Map<string, { readonly kind: string; readonly bits: number; count: number }>();

  /**
   * Holds `networks` at first.
   *
   * @throws {TroupeError} `bad_network` for what is neither an address nor a network.
   */
  constructor(networks: Iterable<string> = []) {
    for (const network of networks) this.add(network);
  }

  /** How many networks and addresses it holds. */
  get size(): number {
    return this.#networks.size;
  }

  /**
   * Adds an address or a network. `false`: it was there already.
   *
   * @throws {TroupeError} `bad_network` for what is neither.
   */
  add(cidr: string): boolean {
    const { kind, bits, key } = networkOf(cidr);
    if (this.#networks.has(key)) return false;
    this.#networks.set(key, cidr);
    const name = `${kind}/${bits}`;
    const length = this.#lengths.get(name);
    if (length === undefined) this.#lengths.set(name, { kind, bits, count: 1 });
    else length.count++;
    return true;
  }

  /**
   * Takes exactly that address or network out, however it was spelt. `false`: it was not there.
   *
   * @throws {TroupeError} `bad_network` for what is neither.
   */
  delete(cidr: string): boolean {
    const { kind, bits, key } = networkOf(cidr);
    if (!this.#networks.delete(key)) return false;
    const name = `${kind}/${bits}`;
    const length = this.#lengths.get(name)!;
    if (--length.count === 0) this.#lengths.delete(name);
    return true;
  }

  /** Whether `address` is in one of the networks. What is no address is in none. */
  has(address: string): boolean {
    if (this.#networks.size === 0) return false;
    const parsed = parseAddress(address);
    if (parsed === null) return false;
    const kind = parsed.kind();
    for (const length of this.#lengths.values()) {
      if (length.kind === kind && this.#networks.has(masked(parsed, length.bits))) return true;
    }
    return false;
  }

  /** The networks and addresses, as they were given, in the order in which they were added. */
  [Symbol.iterator](): Iterator<string> {
    return this.#networks.values();
  }
}

function networkOf(cidr: unknown): Network {
  const network = typeof cidr === "string" ? parseNetwork(cidr) : null;
  if (network !== null) return network;
  throw new TroupeError(
    "bad_network",
    `Cannot read ${JSON.stringify(cidr)} as an address or a network: accepted are 192.0.2.1, 192.0.2.0/24, ` +
      "2001:db8::1 and 2001:db8::/32",
    { details: { cidr } },
  );
}
