import { TroupeError } from "../base/errors.ts";
import { hmacSigner } from "../http/hmac_signer.ts";
import { originCheck } from "../http/origin.ts";
import { Router } from "../http/router.ts";
import { checkCodecs } from "../protocol/negotiation.ts";
import { phoenixV1 } from "../protocol/phoenix_v1.ts";
import { phoenixV2 } from "../protocol/phoenix_v2.ts";
import { phoenixV21 } from "../protocol/phoenix_v2_1.ts";
import type { Component } from "../sessions/component.ts";
import type { Serve } from "../transport/serve.ts";
import type { Transport, TransportPorts } from "../transport/transport.ts";
import { websocket } from "../transport/websocket.ts";
import type { Engine } from "./engine.ts";
import { type Endpoint, type GatePorts, RequestGate } from "./gate.ts";
import { denoServe } from "./listen.ts";
import { completeLimits } from "./option_schemas.ts";
import type { AppOptions, SocketOptions } from "./options.ts";

/** The paths of an app, and what is behind each: the channel protocol over a transport, or a raw component. */
export class Mounts {
  /** How the app listens. */
  readonly serve: Serve;
  readonly #engine: Engine;
  readonly #options: AppOptions<never>;
  readonly #router: Router<Endpoint>;
  readonly #transports: readonly Transport[];
  readonly #transportPorts: TransportPorts;
  readonly #gatePorts: GatePorts;

  /** Throws `bad_path` for the base path, `bad_secret`, `invalid_codec`. */
  constructor(engine: Engine, options: AppOptions<never>) {
    this.#engine = engine;
    this.#options = options;
    this.#router = new Router(options.basePath);
    const { clock, random, logger, counters } = engine.system;
    const secret = options.secret ?? random.uuid() + random.uuid();
    this.#transportPorts = { clock, random, logger, counters, signer: hmacSigner(secret) };
    this.#transports = options.transports ?? [websocket];
    this.serve = this.#transports.find((transport) => transport.serve !== undefined)?.serve ?? denoServe;
    const codecs = options.codecs ?? [phoenixV1, phoenixV2, phoenixV21];
    checkCodecs(codecs);
    this.#gatePorts = {
      engine,
      codecs,
      authenticate: (options.authenticate as GatePorts["authenticate"] | undefined) ?? null,
      authenticateTimeoutMs: completeLimits(options.limits).authenticateTimeoutMs,
    };
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
    const limits = completeLimits(this.#options.limits);
    this.#add(path, transport, {}, this.#engine.mount(limits, limits.componentIdleMs), component);
  }

  /** Mounts the channel protocol, over every transport. Throws `bad_path`, `bad_origin`. */
  socket(path: string, options: SocketOptions): void {
    const limits = completeLimits(this.#options.limits, options.limits);
    const ports = this.#engine.mount(limits, limits.idleMs);
    for (const transport of this.#transports) {
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

  #add(
    path: string,
    transport: Transport,
    options: SocketOptions,
    ports: Endpoint["ports"],
    component: Component<unknown> | null,
  ): void {
    this.#router.add(path, {
      ports,
      component,
      transport: transport.mount(this.#transportPorts),
      allows: originCheck(options.origin ?? this.#options.origin ?? "same"),
      subProtocols: options.subProtocols ?? this.#options.subProtocols ?? [],
    });
  }
}
