import { messageOf } from "../base/errors.ts";
import type { System } from "../actors/system.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import type { ServeHandler } from "../transport/serve.ts";
import type { TopicKind } from "../sessions/topic_kind.ts";
import type { User } from "../sessions/user.ts";
import { type AskClients, askClients } from "./ask_clients.ts";
import { ConnectionDirectory } from "./connections.ts";
import type { DrainOptions } from "./drain.ts";
import { Engine } from "./engine.ts";
import { SHUTTING_DOWN } from "./gate.ts";
import { urlOf } from "./incoming.ts";
import { Listeners } from "./listen.ts";
import { Mounts } from "./mounts.ts";
import { completeLimits } from "./option_schemas.ts";
import type { AppOptions, SocketOptions } from "./options.ts";
import { guardRejections } from "./rejection_guard.ts";
import { endProcess, onTerminationSignals } from "./signals.ts";
import type { TopicDirectory } from "./topic_directory.ts";
import { AddressedTopic } from "./topic_handle.ts";

/** What stands in for an app's own ports: see {@link Life}. */
export type OtherPorts = Pick<AppOptions, "clock" | "random" | "scheduler" | "transports" | "log" | "logger">;

/** What a {@link Life} needs of its app. */
export interface LifePorts {
  /** The app's own `fetch`. */
  readonly fetch: ServeHandler;
  /** `App.drain`. */
  drain(options: DrainOptions): Promise<void>;
  /** `App.close`. */
  close(options?: { deadlineMs?: number }): Promise<void>;
}

/**
 * What runs of an app, from its making to its close: the engine, the paths, the listening ports. The app itself is what
 * has been declared (options, topics, paths, middleware), of which a life is made; of the same app a second one can be
 * made, over other ports.
 */
export class Life {
  readonly engine: Engine;
  readonly mounts: Mounts;
  readonly connections: ConnectionDirectory<User>;
  readonly topics: TopicDirectory;
  readonly request: AskClients;
  readonly listeners: Listeners;
  readonly #others: OtherPorts | null;
  readonly #fallback: AppOptions["fallback"];
  readonly #undo: (() => void)[] = [];
  #closed: Promise<void> | null = null;

  /**
   * Begins. It starts nothing that keeps a process alive.
   *
   * @param others Instead of the app's own ports: then signals are nothing to this life, and every path is served over
   * `others.transports`, those too that have transports of their own.
   */
  constructor(options: AppOptions<never>, ports: LifePorts, others: OtherPorts | null) {
    const all = { ...options, ...others };
    this.#others = others;
    this.#fallback = options.fallback;
    const limits = completeLimits(options.limits);
    this.engine = new Engine(all, limits);
    this.mounts = new Mounts(this.engine, all);
    const { engine: { connections, members, claims }, system } = this;
    this.connections = new ConnectionDirectory(connections, members, claims);
    this.listeners = new Listeners({
      clock: system.clock,
      logger: system.logger,
      counters: system.counters,
      limits,
      serve: this.mounts.serve,
      ...ports,
    });
    this.topics = this.engine.topicDirectory();
    this.request = askClients({ members, kindOf: (topic) => this.kindOf(topic) });
    if (options.path !== false) this.socket(options.path ?? "/socket", {});
    if (options.guardRejections) this.#undo.push(guardRejections(system.counters, system.logger));
    if (options.signals && others === null) {
      this.#undo.push(onTerminationSignals(() => void endProcess(() => ports.close())));
    }
  }

  /** The actor system below. */
  get system(): System {
    return this.engine.system;
  }

  /** Whether the end has begun. */
  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /** Mounts the channel protocol. Throws `bad_path`, `bad_origin`, `grace_without_users`. */
  socket(path: string, options: SocketOptions): void {
    const { transports = options.transports } = this.#others ?? {};
    this.mounts.socket(path, { ...options, transports });
  }

  /** Ends everything, once: see `App.close`. Further calls return the same promise. */
  close(deadlineMs: number): Promise<void> {
    return this.#closed ??= this.#close(deadlineMs);
  }

  /** What is done about `topic`. Throws `unmatched_topic`. */
  kindOf(topic: string): TopicKind {
    return this.engine.kinds.of(topic);
  }

  /** The topic of this name, for those outside of its handlers. Throws `unmatched_topic`. */
  topicHandle(name: string): AddressedTopic {
    const { topics, members, system: { clock, scheduler } } = this.engine;
    return new AddressedTopic(name, this.kindOf(name), { topics, members, clock, scheduler });
  }

  /** Answers a request: by a mount, or by the fallback. */
  answer(request: Request, remoteAddress: string): Response | Promise<Response> {
    const url = urlOf(request);
    if (this.isClosed) return this.mounts.refuse(url, SHUTTING_DOWN);
    if (url === null) return refusalResponse(400, "bad_url");
    return this.mounts.answer(request, url, remoteAddress) ?? this.#fallBack(request, remoteAddress, url);
  }

  async #fallBack(request: Request, remoteAddress: string, url: URL): Promise<Response> {
    if (this.#fallback === undefined) return refusalResponse(404, "not_found");
    try {
      return await this.#fallback(request, remoteAddress);
    } catch (error) {
      this.system.counters.add("fallback.failed");
      this.system.logger.log("error", "fallback failed", { error: messageOf(error), path: url.pathname });
      return refusalResponse(500, "fallback_failed");
    }
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock } = this.system;
    const endMs = clock.elapsedMs() + deadlineMs;
    await this.engine.end(deadlineMs);
    this.mounts.end();
    const restMs = Math.max(endMs - clock.elapsedMs(), 0);
    await this.listeners.stop(restMs);
    for (const undo of this.#undo) undo();
  }
}
