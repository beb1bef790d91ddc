import { messageOf } from "../base/errors.ts";
import { readCredentials } from "../http/credentials.ts";
import type { OriginCheck } from "../http/origin.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import { chooseSubProtocol } from "../http/sub_protocol.ts";
import { selectCodec } from "../protocol/negotiation.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Component } from "../sessions/component.ts";
import { ConnectionInfo } from "../sessions/connection_info.ts";
import type { SocketSink } from "../sessions/socket.ts";
import type { User } from "../sessions/user.ts";
import type { Transport } from "../transport/transport.ts";
import { type Authenticate, authenticate, NotAuthenticated } from "./authenticate.ts";
import type { Engine, MountPorts } from "./engine.ts";

/** What a path leads to: the channel protocol over one transport, or a raw component. */
export interface Endpoint {
  readonly transport: Transport;
  readonly ports: MountPorts;
  readonly allows: OriginCheck;
  readonly subProtocols: readonly string[];
  /** `null`: the channel protocol. */
  readonly component: Component<unknown> | null;
}

/** What an upgrade needs of its app. */
export interface UpgradePorts {
  readonly engine: Engine;
  readonly codecs: readonly Codec[];
  /** `null`: everybody is a new anonymous user. */
  readonly authenticate: Authenticate | null;
  readonly authenticateTimeoutMs: number;
}

/** Why there is no upgrade: what the answer says. */
export interface UpgradeRefusal {
  readonly status: 400 | 403 | 500 | 503;
  /** A stable code in snake_case. */
  readonly reason: string;
  /** What came, and what is accepted. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a request asks for, once it is known to be in order. */
interface Handshake {
  /** The sub-protocol to name in the answer; `null` for none. */
  readonly protocol: string | null;
  /** `null` for a raw component. */
  readonly codec: Codec | null;
  /** The token that came as a sub-protocol. */
  readonly token: string | null;
}

/**
 * Turns a request into a connection, or says why not: status 400 for what is no handshake, 403 for a wrong origin,
 * sub-protocol, version or user, 500 when a hook of the application's fails, 503 when the server is full, shuts down,
 * or `authenticate` takes too long. Every refusal is JSON with a `reason`. It does not reject.
 */
export async function upgrade(
  request: Request,
  url: URL,
  remoteAddress: string,
  endpoint: Endpoint,
  params: Readonly<Record<string, string>>,
  ports: UpgradePorts,
): Promise<Response> {
  const { engine } = ports;
  const asked = examine(request, url, endpoint, ports);
  if ("reason" in asked) return refuse(asked, engine);
  // A place is kept from here on: those whose `authenticate` is pending count.
  return await engine.duringHandshake(async () => {
    const id = engine.system.random.uuid();
    const user = await whoIsIt(request, url, remoteAddress, asked.token, id, ports);
    if (user instanceof Response) {
      engine.system.counters.add("upgrades.refused.by_authenticate");
      return user;
    }
    if (user instanceof NotAuthenticated) return refuse(user, engine);
    if (engine.isEnding) return refuse(SHUTTING_DOWN, engine);
    const info = new ConnectionInfo(id, request.url, request.headers, remoteAddress, asked.protocol ?? "");
    const connect = (): SocketSink =>
      endpoint.component === null
        ? engine.channelConnection(endpoint.ports, info, user, asked.codec!)
        : engine.componentConnection(endpoint.ports, info, user, endpoint.component, params);
    try {
      return endpoint.transport.accept(request, asked.protocol, connect);
    } catch (error) {
      return refuse(
        { status: 400, reason: "bad_handshake", details: { message: messageOf(error) } },
        engine,
      );
    }
  });
}

/** The answer to a request that is refused. It is counted under its reason. */
export function refuse({ status, reason, details }: UpgradeRefusal, engine: Engine): Response {
  engine.system.counters.add(`upgrades.refused.${reason}`);
  return refusalResponse(status, reason, details, status === 503 ? { "retry-after": "1" } : {});
}

/** The server is going down; whoever comes back finds another. */
export const SHUTTING_DOWN: UpgradeRefusal = { status: 503, reason: "shutting_down" };

function whoIsIt(
  request: Request,
  url: URL,
  remoteAddress: string,
  token: string | null,
  id: string,
  ports: UpgradePorts,
): User | Promise<User | Response | NotAuthenticated> {
  if (ports.authenticate === null) return { id };
  const { clock, logger } = ports.engine.system;
  const timeoutMs = ports.authenticateTimeoutMs;
  const credentials = readCredentials(request, url, token);
  return authenticate(ports.authenticate, { ...credentials, request, remoteAddress }, {
    clock,
    logger,
    timeoutMs,
  });
}

/** Looks at everything that can be told from the request alone. */
function examine(
  request: Request,
  url: URL,
  endpoint: Endpoint,
  { engine, codecs }: UpgradePorts,
): Handshake | UpgradeRefusal {
  const fault = endpoint.transport.fault(request);
  if (fault !== null) return { status: 400, reason: "bad_handshake", details: { message: fault } };
  try {
    if (!endpoint.allows(request)) {
      const origin = request.headers.get("origin");
      return { status: 403, reason: "origin_not_allowed", details: { origin } };
    }
  } catch (error) {
    engine.system.logger.log("error", "the origin check failed", { error: messageOf(error) });
    return { status: 500, reason: "origin_check_failed" };
  }
  const protocol = chooseSubProtocol(request.headers.get("sec-websocket-protocol"), endpoint.subProtocols);
  if (protocol === null) {
    return { status: 403, reason: "no_sub_protocol", details: { accepted: endpoint.subProtocols } };
  }
  const vsn = url.searchParams.get("vsn");
  const codec = endpoint.component === null ? selectCodec(vsn, codecs) : null;
  if (endpoint.component === null && codec === null) {
    const accepted = codecs.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
    return { status: 403, reason: "unsupported_version", details: { vsn, accepted } };
  }
  if (engine.isFull) return { status: 503, reason: "too_many_connections" };
  return { protocol: protocol.chosen, codec, token: protocol.token };
}
