import { messageOf } from "../base/errors.ts";
import { type CookieCheck, withoutCookies } from "../http/cookie_guard.ts";
import { readCredentials } from "../http/credentials.ts";
import type { UpgradeRefusal } from "../http/middleware.ts";
import { type OriginCheck, originFault } from "../http/origin.ts";
import type { Pipeline } from "../http/pipeline.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import { chooseSubProtocol } from "../http/sub_protocol.ts";
import { Upgrade } from "../http/upgrade.ts";
import { selectCodec } from "../protocol/negotiation.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Component } from "../sessions/component.ts";
import { ConnectionInfo } from "../sessions/connection_info.ts";
import type { Connection } from "../sessions/connection.ts";
import type { Admission, Gate, MountedTransport, Refusal } from "../transport/transport.ts";
import { Admitted } from "./admitted.ts";
import { NotAuthenticated } from "./authenticate.ts";
import { REVOKED } from "./authority.ts";
import type { Engine, MountPorts } from "./engine.ts";
import type { Grant } from "./grant.ts";

/** What a path leads to: the channel protocol over one transport, or a raw component. */
export interface Endpoint {
  readonly transport: MountedTransport;
  readonly ports: MountPorts;
  /** The transport's name. */
  readonly transportName: string;
  readonly allows: OriginCheck;
  /** What a request goes through before anything is asked about it: addresses, limits, origin. */
  readonly guards: Pipeline;
  /** Whose cookies are believed. */
  readonly believesCookies: CookieCheck;
  readonly subProtocols: readonly string[];
  /** What clients may choose from by `vsn`, in the form that the transport can carry. */
  readonly codecs: readonly Codec[];
  /** What the transport's connections speak; `null`: each client chooses by `vsn`. */
  readonly codec: Codec | null;
  /** The query parameter in which the user's token may come; `null` for none. */
  readonly tokenParam: string | null;
  /** `null`: the channel protocol. */
  readonly component: Component<unknown> | null;
}

/** What a gate needs of its app. */
export interface GatePorts {
  readonly engine: Engine;
  readonly codecs: readonly Codec[];
}

/** How a transport says no. `response`: what a step or `authenticate` wants to be answered. */
type Refused = (refusal: Refusal, response: Response | null) => Response;

/** What a request asks for, once it is known to be in order. */
interface Handshake {
  /** The sub-protocol to name in the answer; `null` for none. */
  readonly protocol: string | null;
  /** `null` for a raw component. */
  readonly codec: Codec | null;
  /** The token that came as a sub-protocol, or in the query where that is the transport's way. */
  readonly token: string | null;
}

/** The server is going down; whoever comes back finds another. */
export const SHUTTING_DOWN: Refusal = { status: 503, reason: "shutting_down" };

/** The server is about to go down. */
const DRAINING: Refusal = { status: 503, reason: "draining" };

/** A step of the application's keeps a client waiting for too long. */
const LATE_STEP: Refusal = { status: 503, reason: "middleware_timeout" };

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
  readonly #given: Request;
  /** {@link RequestGate.request}, once somebody has asked for it. */
  #request: Request | null = null;
  #cookiesWithheld = false;
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
    this.#given = request;
    this.url = url;
    this.remoteAddress = remoteAddress;
    this.#endpoint = endpoint;
    this.#params = params;
    this.#ports = ports;
  }

  /** The request, without cookies that are not believed: made when it is asked for, since many are refused before. */
  get request(): Request {
    return this.#request ??= this.#look();
  }

  #look(): Request {
    const request = this.#given;
    this.#cookiesWithheld = request.headers.has("cookie") && !this.#endpoint.believesCookies(request);
    if (!this.#cookiesWithheld) return request;
    this.#ports.engine.system.counters.add("cookies.withheld");
    return withoutCookies(request);
  }

  refuse(refusal: Refusal): Response {
    return refuse(refusal, this.#ports.engine);
  }

  originFault(): Refusal | null {
    // No check is shown cookies that are not believed: it is asked about an origin, and those come without one.
    return originFault(this.#endpoint.allows, this.#given, this.#ports.engine.system.logger);
  }

  // One async function for all of it, since each costs a handshake as much as an object that stays.
  async admit(
    accept: (admission: Admission) => Response,
    refused: Refused = (refusal, response) => response ?? answerOf(refusal),
  ): Promise<Response> {
    const { engine } = this.#ports;
    const { guards, authority } = engine;
    const upgrade = new Upgrade(this, this.url, this.remoteAddress, this.#endpoint.transportName);
    const fault = this.#endpoint.guards.upgrade(upgrade);
    const guarded = fault instanceof Promise ? await fault : fault;
    if (guarded) return this.#refuseByStep(guarded, refused);
    const asked = this.#examine();
    if ("reason" in asked) return this.#refuse(asked, refused);
    // A place is kept from here on: those whose `authenticate` is pending count.
    const pending = engine.beginHandshake(this.remoteAddress);
    try {
      // Only those who may come in at all wait in the row: it is not for a flood from one address to fill.
      const pass = engine.turnstile.enter();
      if (pass === false) return this.#refuse({ status: 503, reason: "too_many_handshakes" }, refused);
      if (pass !== true) await pass;
      const verdict = guards.middleware.upgrade(upgrade);
      const stepped = verdict instanceof Promise ? await engine.inTime(verdict, LATE_STEP) : verdict;
      if (stepped) return this.#refuseByStep(stepped, refused);
      const id = engine.system.random.uuid();
      const answer = this.#whoIsIt(asked.token, id, upgrade);
      const grant = answer instanceof Promise ? await answer : answer;
      if (grant instanceof Response) {
        return this.#refuse({ status: grant.status, reason: "by_authenticate" }, refused, grant);
      }
      if (grant instanceof NotAuthenticated) return this.#refuse(this.#explained(grant), refused);
      if (authority.isRevoked(grant, pending)) return this.#refuse(REVOKED, refused);
      if (engine.isEnding) return this.#refuse(SHUTTING_DOWN, refused);
      if (engine.isDraining) return this.#refuse(DRAINING, refused);
      const late = guards.admission(this.remoteAddress, grant.user.id);
      if (late !== null) return this.#refuse(late, refused);
      try {
        return upgrade.answered(accept(this.#admission(id, grant, asked, upgrade)));
      } catch (error) {
        const details = { message: messageOf(error) };
        return this.#refuse({ status: 400, reason: "bad_handshake", details }, refused);
      }
    } finally {
      engine.endHandshake(this.remoteAddress, pending);
    }
  }

  #refuse(refusal: Refusal, refused: Refused, response: Response | null = null): Response {
    this.#ports.engine.system.counters.add(`upgrades.refused.${refusal.reason}`);
    return refused(refusal, response);
  }

  #refuseByStep(verdict: UpgradeRefusal | Response, refused: Refused): Response {
    return verdict instanceof Response
      ? this.#refuse({ status: verdict.status, reason: "by_middleware" }, refused, verdict)
      : this.#refuse(verdict, refused);
  }

  #admission(id: string, grant: Grant, asked: Handshake, upgrade: Upgrade): Admission {
    const { grants } = this.#ports.engine.authority;
    return new Admitted(asked.protocol, grant, grants, () => this.#connect(id, grant, asked, upgrade));
  }

  #connect(id: string, grant: Grant, { codec, protocol }: Handshake, { left }: Upgrade): Connection {
    const { url, headers } = this.request;
    const info = new ConnectionInfo(id, url, headers, this.remoteAddress, protocol ?? "", left);
    const { component, ports } = this.#endpoint;
    const { engine } = this.#ports;
    const connection = component === null
      ? engine.channelConnection(ports, info, grant.user, codec!)
      : engine.componentConnection(ports, info, grant.user, component, this.#params);
    engine.authority.grants.set(connection, grant);
    return connection;
  }

  #whoIsIt(
    token: string | null,
    id: string,
    upgrade: Upgrade,
  ): Grant | Promise<Grant | Response | NotAuthenticated> {
    const { authority } = this.#ports.engine;
    if (!authority.asks) return { user: { id }, expiresAtMs: null, tokenId: null };
    const credentials = readCredentials(this.request, this.url, token);
    const { request, remoteAddress, values } = upgrade;
    return authority.ask({ ...credentials, request, remoteAddress, values });
  }

  /** Nobody knows who it is: perhaps since its cookies were not believed. */
  #explained(refusal: NotAuthenticated): Refusal {
    if (!this.#cookiesWithheld || refusal.reason !== "not_authenticated") return refusal;
    const cookies = "not believed: they come without an origin that is allowed by name";
    return { status: refusal.status, reason: refusal.reason, details: { cookies } };
  }

  /** Looks at everything that can be told from the request alone. */
  #examine(): Handshake | Refusal {
    const { component, subProtocols, codecs, codec: fixed, tokenParam } = this.#endpoint;
    const { engine } = this.#ports;
    const offered = this.request.headers.get("sec-websocket-protocol");
    const protocol = chooseSubProtocol(offered, subProtocols);
    if (protocol === null) {
      return { status: 403, reason: "no_sub_protocol", details: { accepted: subProtocols } };
    }
    const vsn = this.url.searchParams.get("vsn");
    const codec = component === null ? fixed ?? selectCodec(vsn, codecs) : null;
    if (component === null && codec === null) {
      const accepted = codecs.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
      return { status: 403, reason: "unsupported_version", details: { vsn, accepted } };
    }
    if (engine.isDraining) return DRAINING;
    const token = protocol.token ?? (tokenParam === null ? null : this.url.searchParams.get(tokenParam));
    return { protocol: protocol.chosen, codec, token };
  }
}
