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
import type { Admission, Gate, MountedTransport, Refusal } from "../transport/transport.ts";
import { type Authenticate, authenticate, NotAuthenticated } from "./authenticate.ts";
import type { Engine, MountPorts } from "./engine.ts";

/** What a path leads to: the channel protocol over one transport, or a raw component. */
export interface Endpoint {
  readonly transport: MountedTransport;
  readonly ports: MountPorts;
  readonly allows: OriginCheck;
  readonly subProtocols: readonly string[];
  /** `null`: the channel protocol. */
  readonly component: Component<unknown> | null;
}

/** What a gate needs of its app. */
export interface GatePorts {
  readonly engine: Engine;
  readonly codecs: readonly Codec[];
  /** `null`: everybody is a new anonymous user. */
  readonly authenticate: Authenticate | null;
  readonly authenticateTimeoutMs: number;
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

/** The server is going down; whoever comes back finds another. */
export const SHUTTING_DOWN: Refusal = { status: 503, reason: "shutting_down" };

/** The answer to a request that is refused. It is counted under its reason. */
export function refuse(refusal: Refusal, engine: Engine): Response {
  engine.system.counters.add(`upgrades.refused.${refusal.reason}`);
  return answerOf(refusal);
}

function answerOf({ status, reason, details, headers }: Refusal): Response {
  return refusalResponse(
    status,
    reason,
    details,
    status === 503 ? { "retry-after": "1", ...headers } : headers,
  );
}

/**
 * Turns a request into a connection, or says why not: status 400 for what is no handshake, 403 for a wrong origin,
 * sub-protocol, version or user, 500 when a hook of the application's fails, 503 when the server is full, shuts down,
 * or `authenticate` takes too long. Every refusal is JSON with a `reason`.
 */
export class RequestGate implements Gate {
  readonly url: URL;
  readonly remoteAddress: string;
  readonly #request: Request;
  readonly #endpoint: Endpoint;
  readonly #params: Readonly<Record<string, string>>;
  readonly #ports: GatePorts;

  constructor(
    request: Request,
    url: URL,
    remoteAddress: string,
    endpoint: Endpoint,
    params: Readonly<Record<string, string>>,
    ports: GatePorts,
  ) {
    this.url = url;
    this.remoteAddress = remoteAddress;
    this.#request = request;
    this.#endpoint = endpoint;
    this.#params = params;
    this.#ports = ports;
  }

  refuse(refusal: Refusal): Response {
    return refuse(refusal, this.#ports.engine);
  }

  originFault(): Refusal | null {
    try {
      if (this.#endpoint.allows(this.#request)) return null;
      const origin = this.#request.headers.get("origin");
      return { status: 403, reason: "origin_not_allowed", details: { origin } };
    } catch (error) {
      const { logger } = this.#ports.engine.system;
      logger.log("error", "the origin check failed", { error: messageOf(error) });
      return { status: 500, reason: "origin_check_failed" };
    }
  }

  async admit(
    accept: (admission: Admission) => Response,
    refused: (refusal: Refusal, response: Response | null) => Response = (refusal, response) =>
      response ?? answerOf(refusal),
  ): Promise<Response> {
    const { engine } = this.#ports;
    const refuse = (refusal: Refusal, response: Response | null = null): Response => {
      engine.system.counters.add(`upgrades.refused.${refusal.reason}`);
      return refused(refusal, response);
    };
    const asked = this.#examine();
    if ("reason" in asked) return refuse(asked);
    // A place is kept from here on: those whose `authenticate` is pending count.
    return await engine.duringHandshake(async () => {
      const id = engine.system.random.uuid();
      const user = await this.#whoIsIt(asked.token, id);
      if (user instanceof Response) {
        return refuse({ status: user.status, reason: "by_authenticate" }, user);
      }
      if (user instanceof NotAuthenticated) return refuse(user);
      if (engine.isEnding) return refuse(SHUTTING_DOWN);
      try {
        return accept({ protocol: asked.protocol, connect: () => this.#connect(id, user, asked) });
      } catch (error) {
        return refuse({ status: 400, reason: "bad_handshake", details: { message: messageOf(error) } });
      }
    });
  }

  #connect(id: string, user: User, { codec, protocol }: Handshake): SocketSink {
    const { url, headers } = this.#request;
    const info = new ConnectionInfo(id, url, headers, this.remoteAddress, protocol ?? "");
    const { component, ports } = this.#endpoint;
    const { engine } = this.#ports;
    return component === null
      ? engine.channelConnection(ports, info, user, codec!)
      : engine.componentConnection(ports, info, user, component, this.#params);
  }

  #whoIsIt(token: string | null, id: string): User | Promise<User | Response | NotAuthenticated> {
    const { authenticate: hook, authenticateTimeoutMs: timeoutMs, engine } = this.#ports;
    if (hook === null) return { id };
    const { clock, logger } = engine.system;
    const credentials = readCredentials(this.#request, this.url, token);
    const handshake = { ...credentials, request: this.#request, remoteAddress: this.remoteAddress };
    return authenticate(hook, handshake, { clock, logger, timeoutMs });
  }

  /** Looks at everything that can be told from the request alone. */
  #examine(): Handshake | Refusal {
    const fault = this.originFault();
    if (fault !== null) return fault;
    const { component, subProtocols } = this.#endpoint;
    const { codecs, engine } = this.#ports;
    const offered = this.#request.headers.get("sec-websocket-protocol");
    const protocol = chooseSubProtocol(offered, subProtocols);
    if (protocol === null) {
      return { status: 403, reason: "no_sub_protocol", details: { accepted: subProtocols } };
    }
    const vsn = this.url.searchParams.get("vsn");
    const codec = component === null ? selectCodec(vsn, codecs) : null;
    if (component === null && codec === null) {
      const accepted = codecs.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
      return { status: 403, reason: "unsupported_version", details: { vsn, accepted } };
    }
    if (engine.isFull) return { status: 503, reason: "too_many_connections" };
    return { protocol: protocol.chosen, codec, token: protocol.token };
  }
}
