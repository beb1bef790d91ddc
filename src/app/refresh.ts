import type { Counters } from "../base/inspect.ts";
import { readCredentials } from "../http/credentials.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { Connection } from "../sessions/connection.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
import type { ConnectionTable } from "../sessions/connections.ts";
import { CONTROL_TOPIC, type ControlledSession } from "../sessions/control.ts";
import { NotAuthenticated } from "./authenticate.ts";
import { type Authority, REVOKED } from "./authority.ts";
import type { Handshake } from "./options.ts";

/** The event by which a client brings a new token: `{ token }`, `{ params }` or both. */
export const REFRESH = "troupe:refresh";

/** What {@link Refreshes} need of their app. */
export interface RefreshPorts {
  readonly counters: Counters;
  readonly connections: ConnectionTable;
  readonly authority: Authority;
}

/** What a client brings. */
interface Asked {
  readonly token: string | null;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Refreshes authorizations in place: asks the application again, with the handshake's own data and the client's new
 * token. The user stays who it was; one refresh at a time for each connection.
 */
export class Refreshes {
  readonly #ports: RefreshPorts;
  readonly #pending = new WeakSet<Connection>();

  constructor(ports: RefreshPorts) {
    this.#ports = ports;
  }

  /** Takes a client's {@link REFRESH}. It is answered: `ok { expiresAt }`, or `error { reason }`. */
  receive(message: Inbound, session: ControlledSession): void {
    const { connections, authority } = this.#ports;
    const connection = connections.get(session.info.id);
    const refuse = (reason: string, details = {}): void => {
      this.#ports.counters.add(`refreshes.refused.${reason}`);
      this.#reply(message, session, "error", { reason, ...details });
    };
    if (connection === undefined) return;
    if (!authority.asks) return refuse("nothing_to_refresh");
    const asked = readPayload(message.payload);
    if (asked === null) {
      return refuse("invalid_payload", { accepted: "{ token: text }, { params: { name: text } } or both" });
    }
    if (this.#pending.has(connection)) return refuse("refresh_pending");
    this.#pending.add(connection);
    void this.#ask(connection, asked, message, session, refuse);
  }

  async #ask(
    connection: Connection,
    asked: Asked,
    message: Inbound,
    session: ControlledSession,
    refuse: (reason: string) => void,
  ): Promise<void> {
    const { connections, authority } = this.#ports;
    const pending = authority.began();
    try {
      const answer = await authority.ask(handshakeOf(session.info, asked));
      this.#pending.delete(connection);
      const { current } = session; // its client may have claimed another one meanwhile
      if (connections.get(session.info.id) !== connection) return; // it has ended meanwhile
      if (answer instanceof Response) return refuse("by_authenticate");
      if (answer instanceof NotAuthenticated) return refuse(answer.reason);
      if (answer.user.id !== current.user.id) return refuse("other_user");
      if (authority.isRevoked(answer, pending)) return refuse(REVOKED.reason);
      this.#ports.counters.add("refreshes.granted");
      authority.grants.set(connection, answer);
      connection.user = current.user = answer.user;
      current.authorizations++;
      this.#reply(message, session, "ok", { expiresAt: answer.expiresAtMs });
    } finally {
      authority.ended(pending);
    }
  }

  #reply({ joinRef, ref }: Inbound, session: ControlledSession, status: string, response: unknown): void {
    session.current.reply(joinRef, ref, CONTROL_TOPIC, status, response);
  }
}

function readPayload(payload: unknown): Asked | null {
  if (typeof payload !== "object" || payload === null) return null;
  const { token = null, params = {} } = payload as { token?: unknown; params?: unknown };
  if (token !== null && typeof token !== "string") return null;
  if (typeof params !== "object" || params === null) return null;
  const texts = Object.entries(params);
  if (token === null && texts.length === 0) return null;
  return texts.every(([, value]) => typeof value === "string")
    ? { token, params: Object.fromEntries(texts) as Record<string, string> }
    : null;
}

/**
 * The handshake again, from its snapshot: the request cannot be read any more. The new token stands where the old one
 * stood; the new parameters stand in the URL.
 */
function handshakeOf(
  { url, headers, remoteAddress, values }: ConnectionInfo,
  { token, params }: Asked,
): Handshake {
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  headers.delete("authorization");
  if (token !== null && /^[!-~]+$/.test(token)) headers.set("authorization", `Bearer ${token}`);
  const request = new Request(url, { headers });
  return { ...readCredentials(request, url, token), request, remoteAddress, values };
}
