import { Values } from "../base/values.ts";

/** What is known of a connection from its handshake. It outlives the request, whose headers cannot be read any more. */
export class ConnectionInfo {
  /** Its id, unique in this process and unguessable. */
  readonly id: string;
  /** The address it comes from, without the port; empty if the server did not say. */
  readonly remoteAddress: string;
  /** The sub-protocol that was agreed on; empty for none. */
  readonly protocol: string;
  readonly #url: string;
  readonly #headers: string;
  #values: Values | null;

  /**
   * Takes a snapshot of `headers`. It is kept as one text, and read again when somebody asks: few do, and there is one
   * for each connection. `values`: what middleware has left with it so far.
   */
  constructor(
    id: string,
    url: string,
    headers: Headers,
    remoteAddress: string,
    protocol: string,
    values: Values | null = null,
  ) {
    this.id = id;
    this.#url = url;
    this.remoteAddress = remoteAddress;
    this.protocol = protocol;
    this.#values = values;
    const lines: string[] = [];
    headers.forEach((value, name) => { // not `for`: its iterator costs more than all the rest
      if (!SECRET_OR_HOP.has(name)) lines.push(`${name}:${value}`);
    });
    this.#headers = lines.join("\n"); // one flat string: concatenation would keep all its parts
  }

  /** What middleware leaves with the connection. */
  get values(): Values {
    return this.#values ??= new Values();
  }

  /** The URL of the handshake. */
  get url(): URL {
    return new URL(this.#url);
  }

  /** The headers of the handshake, those of the WebSocket handshake itself left out. */
  get headers(): Headers {
    const headers = new Headers();
    for (const line of this.#headers.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1));
    }
    return headers;
  }
}

/** Headers that say nothing about the user, or too much: the sub-protocol header may carry a token. */
const SECRET_OR_HOP = new Set([
  "connection",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "upgrade",
  "x-phoenix-authtoken",
  "x-phoenix-longpoll-token",
]);
