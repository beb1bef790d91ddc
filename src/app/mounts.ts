import { TroupeError } from "../base/errors.ts";
import { hmacSigner } from "../http/hmac_signer.ts";
import { cookieCheck } from "../http/cookie_guard.ts";
import { originCheck, originGuard } from "../http/origin.ts";
import { Router } from "../http/router.ts";
import { checkCodecs } from "../protocol/negotiation.ts";
import { phoenixV1 } from "../protocol/phoenix_v1.ts";
import { phoenixV2 } from "../protocol/phoenix_v2.ts";
import { phoenixV21 } from "../protocol/phoenix_v2_1.ts";
import type { Component } from "../sessions/component.ts";
import type { Serve } from "../transport/serve.ts";
import type { MountedTransport, Refusal, Transport, TransportPorts } from "../transport/transport.ts";
import { longpoll } from "../transport/longpoll.ts";
import { sse } from "../transport/sse.ts";
import { websocket } from "../transport/websocket.ts";
import type { Engine } from "./engine.ts";
import { type Endpoint, type GatePorts, refuse, RequestGate } from "./gate.ts";
import { denoServe } from "./listen.ts";
import type { AppOptions, Limits, SocketOptions } from "./options.ts";

/** The paths of an app, and what is behind each: the channel protocol over a transport, or a raw component. */
export class Mounts {
  /** How the app listens. */
  readonly serve: Serve;
  readonly #engine: Engine;
  readonly #options: AppOptions<never>;
  readonly #router: Router<Endpoint>;
  readonly #transports: readonly Transport[];
  readonly #transportPorts: Omit<TransportPorts, "maxMessageBytes">;
  readonly #gatePorts: GatePorts;
  readonly #mounted: MountedTransport[] = [];

  /** Throws `bad_path` for the base path, `bad_secret`, `invalid_codec`. */
  constructor(engine: Engine, options: AppOptions<never>) {
    this.#engine = engine;
    this.#options = options;
    this.#router = new Router(options.basePath);
    const { clock, random, logger, counters } = engine.system;
    const secret = options.secret ?? random.uuid() + random.uuid();
    this.#transportPorts = {
      clock,
      random,
      logger,
      counters,
      signer: hmacSigner(secret),
      limits: engine.guards.limits.live,
    };
    this.#transports = options.transports ?? [websocket, longpoll(), sse()];
    this.serve = this.#transports.find((transport) => transport.serve !== undefined)?.serve ?? denoServe;
    const codecs = options.codecs ?? [phoenixV1, phoenixV2, phoenixV21];
    checkCodecs(codecs);
    this.#gatePorts = { engine, codecs };
  }

  /** Mounts a component. Throws `bad_path`, `no_raw_transport`. */
  component(path: string, component: Component<unknown>): void {
    const transport = this.#transports.find(({ raw }) => raw);
    if (transport === undefined) {
      throw new TroupeError(
        "no_raw_transport",
        `Cannot mount the component ${path}: no transport carries raw data`,
      );
    }
    const limits = this.#engine.guards.limits.live;
    this.#add(path, transport, {}, this.#engine.mount(limits, limits.componentIdleMs), component);
  }

  /** Mounts the channel protocol, over every transport. Throws `bad_path`, `bad_origin`, `grace_without_users`. */
  socket(path: string, options: SocketOptions): void {
    const limits = this.#engine.guards.limits.forMount(options.limits);
    if (limits.graceMs > 0 && !this.#engine.authority.asks) {
      throw new TroupeError(
        "grace_without_users",
        `Cannot mount ${path}: graceMs is ${limits.graceMs}, and without authenticate nobody can come back as the same user`,
      );
    }
    const talking = this.#engine.mount(limits, limits.idleMs);
    for (const transport of options.transports ?? this.#transports) {
      const own = transport.forgetful ? withoutGrace(limits) : limits;
      const idleMs = transport.silent ? 0 : limits.idleMs;
      const ports = transport.silent || transport.forgetful ? this.#engine.mount(own, idleMs) : talking;
      this.#add(`${path.replace(/\/+$/, "")}/${transport.segment}`, transport, options, ports, null);
    }
  }

  /** Whether there is something at `pathname`. */
  has(pathname: string): boolean {
    return this.#router.find(pathname) !== null;
  }

  /** What is at the request's path answers it; `null` if there is nothing. */
  answer(request: Request, url: URL, remoteAddress: string): Response | Promise<Response> | null {
    const route = this.#router.find(url.pathname);
    if (route === null) return null;
    const { value: endpoint, params } = route;
    const gate = new RequestGate(request, url, remoteAddress, endpoint, params, this.#gatePorts);
    return endpoint.transport.handle(request, gate);
  }

  /** Says no before anybody is asked, in the form that clients of the URL's path understand. It is counted. */
  refuse(url: URL | null, refusal: Refusal): Response {
    const response = refuse(refusal, this.#engine);
    const transport = url === null ? undefined : this.#router.find(url.pathname)?.value.transport;
    return transport?.refusal?.(refusal) ?? response;
  }

  /** How much its transports hold for their clients. */
  get held(): number {
    return this.#mounted.reduce((sum, { held = 0 }) => sum + held, 0);
  }

  /** The app has ended. */
  end(): void {
    for (const transport of this.#mounted) transport.end?.();
  }

  #add(
    path: string,
    transport: Transport,
    options: SocketOptions,
    ports: Endpoint["ports"],
    component: Component<unknown> | null,
  ): void {
    const transportPorts: TransportPorts = {
      ...this.#transportPorts,
      get maxMessageBytes() {
        return ports.connections.limits.maxMessageBytes;
      },
    };
    const origin = options.origin ?? this.#options.origin ?? "same";
    const allows = originCheck(origin);
    const { codecs } = this.#gatePorts;
    const mounted = transport.mount(transportPorts);
    this.#mounted.push(mounted);
    this.#router.add(path, {
      ports,
      component,
      transport: mounted,
      codecs: transport.adapt === undefined ? codecs : codecs.map((each) => transport.adapt!(each)),
      codec: transport.codec ?? null,
      tokenParam: transport.tokenParam ?? null,
      transportName: transport.name,
      allows,
      guards: this.#engine.guards.gate(originGuard(allows, this.#engine.system.logger)),
      believesCookies: cookieCheck(origin, this.#options.cookies),
      subProtocols: options.subProtocols ?? this.#options.subProtocols ?? [],
    });
  }
}

/** `limits`, which may change while the app runs, for those who cannot come back. */
function withoutGrace(limits: Required<Limits>): Required<Limits> {
  return Object.create(limits, { graceMs: { value: 0 } });
}
