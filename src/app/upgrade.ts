import { messageOf, TroupeError } from "../base/errors.ts";
import { type Credentials, readCredentials } from "../http/credentials.ts";
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
import type { Engine, MountPorts } from "./engine.ts";
import type { Authenticated, Handshake } from "./options.ts";

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
  readonly authenticate:
    | ((handshake: Handshake) => Authenticated<User> | Promise<Authenticated<User>>)
    | null;
  readonly authenticateTimeoutMs: number;
}

/**
 * Turns a request into a connection, or says why not: status 400 for what is no handshake, 403 for a wrong origin,
 * sub-protocol, version or user, 503 when the server is full or `authenticate` takes too long. Every refusal is JSON
 * with a `reason`. It does not reject.
 */
export async function upgrade(
  request: Request,
  remoteAddress: string,
  endpoint: Endpoint,
  params: Readonly<Record<string, string>>,
  ports: UpgradePorts,
): Promise<Response> {
  const { counters, random } = ports.engine.system;
  const refuse = (
    status: number,
    reason: string,
    details: Readonly<Record<string, unknown>> = {},
  ): Response => {
    counters.add(`upgrades.refused.${reason}`);
    return refusalResponse(status, reason, details, status === 503 ? { "retry-after": "1" } : {});
  };
  const fault = endpoint.transport.fault(request);
  if (fault !== null) return refuse(400, "bad_handshake", { message: fault });
  if (!endpoint.allows(request)) {
    return refuse(403, "origin_not_allowed", { origin: request.headers.get("origin") });
  }
  const protocol = chooseSubProtocol(request.headers.get("sec-websocket-protocol"), endpoint.subProtocols);
  if (protocol === null) return refuse(403, "no_sub_protocol", { accepted: endpoint.subProtocols });
  const url = new URL(request.url);
  const codec = endpoint.component === null ? selectCodec(url.searchParams.get("vsn"), ports.codecs) : null;
  if (endpoint.component === null && codec === null) {
    const accepted = ports.codecs.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
    return refuse(403, "unsupported_version", { vsn: url.searchParams.get("vsn"), accepted });
  }
  if (ports.engine.isFull) return refuse(503, "too_many_connections");
  const id = random.uuid();
  const credentials = readCredentials(request, url, protocol.token);
  const user = await whoIsIt(request, remoteAddress, credentials, id, ports);
  if (user instanceof Response) {
    counters.add("upgrades.refused.by_authenticate");
    return user;
  }
  if (user instanceof TroupeError) return refuse(user.retryable ? 503 : 500, user.code);
  if (user === null) return refuse(403, "not_authenticated");
  const info = new ConnectionInfo(id, request.url, request.headers, remoteAddress, protocol.chosen ?? "");
  try {
    const connect = (): SocketSink =>
      endpoint.component === null
        ? ports.engine.channelConnection(endpoint.ports, info, user, codec!)
        : ports.engine.componentConnection(endpoint.ports, info, user, endpoint.component, params);
    return endpoint.transport.accept(request, protocol.chosen, connect);
  } catch (error) {
    return refuse(400, "bad_handshake", { message: messageOf(error) });
  }
}

/** The user; what `authenticate` answered instead; or why there is no answer. */
async function whoIsIt(
  request: Request,
  remoteAddress: string,
  credentials: Credentials,
  id: string,
  ports: UpgradePorts,
): Promise<User | Response | TroupeError | null> {
  if (ports.authenticate === null) return { id };
  const { clock, logger } = ports.engine.system;
  let stopClock = (): void => {};
  try {
    const answer = ports.authenticate({ ...credentials, request, remoteAddress });
    if (!(answer instanceof Promise)) return answer;
    const late = new Promise<TroupeError>((resolve) => {
      const timeoutMs = ports.authenticateTimeoutMs;
      const error = new TroupeError("authenticate_timeout", `authenticate took over ${timeoutMs} ms`, {
        retryable: true,
      });
      const timer = clock.setTimer(() => resolve(error), timeoutMs);
      stopClock = () => clock.clearTimer(timer);
    });
    return await Promise.race([answer, late]);
  } catch (error) {
    logger.log("error", "authenticate failed", { error: messageOf(error), remoteAddress });
    return new TroupeError("authenticate_failed", messageOf(error));
  } finally {
    stopClock();
  }
}
