import { AddressSet, normalAddress, parseAddress } from "./addresses.ts";

/**
 * Which header tells where a request came from. There is no trying of both: a proxy overwrites or extends the one that
 * it knows, and passes on whatever a client has put into the other.
 */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/** How many proxies are followed back. A client may name as many as a header can hold, and trusted ones at that. */
const MAX_HOPS = 32;

/**
 * Finds the address of the client behind trusted proxies: from the other end of the TCP connection on, as long as the
 * address is a trusted proxy's, what that proxy says it got the request from, which is the last entry that was not read
 * yet. Entries further left are whatever the client claims, and are not looked at. An entry that names no address
 * (`unknown`, `_hidden`: RFC 7239, section 6) ends the search at the proxy that wrote it; so does the 32nd.
 */
export class ForwardedFor {
  readonly #trusted: AddressSet;
  readonly #header: ForwardedHeader;

  /**
   * @param trusted The addresses and networks of the proxies. Default: none, so that no header is believed.
   * @param header The one that they keep. Default: `x-forwarded-for`.
   * @throws {TroupeError} `bad_network`.
   */
  constructor(trusted: Iterable<string> = [], header: ForwardedHeader = "x-forwarded-for") {
    this.#trusted = new AddressSet(trusted);
    this.#header = header;
  }

  /** Where a request comes from. `remote`: the other end of its TCP connection; empty if that is not known. */
  client(remote: string, headers: Headers): string {
    let address = normalAddress(remote);
    if (this.#trusted.size === 0 || !this.#trusted.has(address)) return address;
    const value = headers.get(this.#header);
    if (value === null) return address;
    const entries = this.#header === "forwarded" ? forwardedFor(value) : fromRight(value, ",");
    let hops = 0;
    for (const entry of entries) {
      const before = addressOf(entry);
      if (before === null) return address;
      address = before;
      if (++hops === MAX_HOPS || !this.#trusted.has(address)) return address;
    }
    return address;
  }
}

/** The `for` of each element (RFC 7239, section 4), the last one first; empty where there is none. */
function* forwardedFor(value: string): Generator<string> {
  for (const element of fromRight(value, ",")) yield forOf(element);
}

function forOf(element: string): string {
  let found = "";
  for (const pair of fromRight(element, ";")) {
    const equals = pair.indexOf("=");
    if (pair.slice(0, equals).trim().toLowerCase() === "for") found = unquoted(pair.slice(equals + 1).trim());
  }
  return found; // the first one: RFC 7239 allows no other
}

/**
 * Splits at a separator outside of quoted strings (RFC 9110, section 5.6.4), the last part first, and no further than
 * is asked for: what stands to the left is a client's, and may be long. It reads from the right: what a proxy has
 * appended is well-formed, and a quote that a client has left open before it swallows none of it.
 */
function* fromRight(text: string, separator: string): Generator<string> {
  let end = text.length;
  let quoted = false;
  for (let i = end - 1; i >= 0; i--) {
    if (text[i] === '"') quoted = (quoted && text[i - 1] === "\\") || !quoted;
    else if (text[i] === separator && !quoted) {
      yield text.slice(i + 1, end);
      end = i;
    }
  }
  yield text.slice(0, end);
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** The address of an entry, whose port does not matter: `192.0.2.1:4711`, `[2001:db8::1]:4711`, or bare. */
function addressOf(entry: string): string | null {
  const text = entry.trim();
  const bracketed = /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(text)?.[1];
  const bare = bracketed ?? /^([\d.]+):[\w.-]+$/.exec(text)?.[1] ?? text;
  return parseAddress(bare)?.toString() ?? null;
}
