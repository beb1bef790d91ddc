import { systemClock, type TimerId } from "../base/clock.ts";
import { CountedClock } from "../base/counted_clock.ts";
import { DynamicSupervisor } from "../actors/dynamic_supervisor.ts";
import { System } from "../actors/system.ts";
import { Turnstile } from "../http/turnstile.ts";
import { CLOSE_RESTART } from "../protocol/close_codes.ts";
import type { Codec } from "../protocol/codec.ts";
import { channelBehavior } from "../sessions/channel_behavior.ts";
import { Claims } from "../sessions/claims.ts";
import { ChannelInterpreter } from "../sessions/channel_interpreter.ts";
import type { Component } from "../sessions/component.ts";
import { ComponentInterpreter, type ComponentPorts } from "../sessions/component_interpreter.ts";
import {
  Connection,
  connectionBehavior,
  type ConnectionMessage,
  type ConnectionPorts,
  type Interpreter,
} from "../sessions/connection.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
import { ConnectionTable } from "../sessions/connections.ts";
import { ControlTopic } from "../sessions/control.ts";
import { IdleWheel } from "../sessions/idle_wheel.ts";
import type { IntakePorts } from "../sessions/intake.ts";
import { Members } from "../sessions/members.ts";
import { OpenWork } from "../sessions/open_work.ts";
import { Flusher } from "../sessions/flusher.ts";
import { Session, type SessionPorts } from "../sessions/session.ts";
import { sessionBehavior } from "../sessions/session_behavior.ts";
import type { SessionLimits } from "../sessions/session_limits.ts";
import { TopicKinds } from "../sessions/topic_kinds.ts";
import type { User } from "../sessions/user.ts";
import type { Log } from "../topics/log.ts";
import { memoryLog } from "../topics/memory_log.ts";
import { patternBehavior } from "../topics/pattern_behavior.ts";
import { Patterns } from "../topics/patterns.ts";
import { PLAIN_TOPIC } from "../topics/topic_setup.ts";
import { Topics, type TopicsPorts } from "../topics/topics.ts";
import type { Gauges } from "./gauges.ts";
import { Guards } from "./guards.ts";
import { Openings } from "./openings.ts";
import type { PendingAnswers } from "./revoked_users.ts";
import type { Authenticate } from "./authenticate.ts";
import { Drain, type DrainOptions } from "./drain.ts";
import { Authority } from "./authority.ts";
import type { AppOptions, Limits } from "./options.ts";
import { LiveTopics, type TopicDirectory } from "./topic_directory.ts";
import { ReadinessChecks } from "./readiness.ts";
import { Rechecks } from "./rechecks.ts";
import { REFRESH, Refreshes } from "./refresh.ts";

/** What the connections of one mount share. */
export interface MountPorts {
  readonly connections: ConnectionPorts;
  readonly sessionLimits: SessionLimits;
  readonly intake: IntakePorts;
}

/** Everything that runs, wired up: the system, its topics, sessions and connections. */
export class Engine {
  readonly system: System;
  readonly kinds = new TopicKinds();
  readonly topics: Topics;
  /** The patterns of topics that somebody has joined. */
  readonly patterns: Topics;
  readonly members: Members;
  /** Who may still be a member. */
  readonly rechecks: Rechecks;
  readonly connections = new ConnectionTable();
  /** What stands between the app and those who ask too much of it. */
  readonly guards: Guards;
  /** Who is let in, and until when. */
  readonly authority: Authority;
  /** What speaks against new clients. */
  readonly readiness: ReadinessChecks = new ReadinessChecks()
    .unless("shutting_down", () => this.#ending)
    .unless("draining", () => this.isDraining)
    .unless("too_many_connections", () => this.isFull);
  /** The sessions that clients may come back to. */
  readonly claims: Claims<Session>;
  /** What clients say of the connection itself. */
  readonly control = new ControlTopic();
  readonly #clock: CountedClock;
  readonly #limits: Required<Limits>;
  readonly #flusher: Flusher;
  readonly #log: Log;
  readonly #sessionPorts: SessionPorts;
  readonly #componentPorts: ComponentPorts;
  readonly #sessions: DynamicSupervisor<never, Session>;
  readonly #connectionActors: DynamicSupervisor<ConnectionMessage, Connection>;
  readonly #wheels = new Map<number, IdleWheel<Connection>>();
  readonly #work = new OpenWork();
  /** Paces handshakes. */
  readonly turnstile: Turnstile;
  readonly #openings: Openings;
  #handshakes = 0;
  #ending = false;
  #drain: Drain | null = null;

  constructor(options: AppOptions<never>, limits: Required<Limits>) {
    this.#clock = new CountedClock(options.clock ?? systemClock);
    this.system = new System({ ...options, clock: this.#clock });
    this.#limits = limits;
    const { system } = this;
    this.turnstile = new Turnstile(system.scheduler, system.counters, limits);
    this.#openings = new Openings(system.clock, limits);
    const guardPorts = {
      system,
      work: this.#work,
      connections: () => [...this.#openings, ...this.connections],
      isFull: () => this.isFull,
    };
    this.guards = new Guards(guardPorts, options, limits);
    this.readiness.unless("overloaded", () => this.guards.lag.lagMs > limits.maxLagMs);
    const { clock, random, logger, counters, scheduler } = system;
    this.rechecks = new Rechecks({ clock, random, counters, scheduler });
    this.members = new Members(this.rechecks);
    const { connections } = this;
    const hook = (options.authenticate as Authenticate | undefined) ?? null;
    const waiting = (): readonly Session[] => this.claims.waiting();
    const whoPorts = { clock, logger, counters, scheduler, connections, openings: this.#openings, waiting };
    const authority = this.authority = new Authority(whoPorts, hook, limits);
    const refreshes = new Refreshes({ counters, connections, authority });
    this.control.on(REFRESH, (message, session) => refreshes.receive(message, session));
    const ports: TopicsPorts = {
      clock: system.clock,
      random: system.random,
      logger: system.logger,
      counters: system.counters,
      scheduler: system.scheduler,
      spawn: (behavior, spawnOptions) => system.spawn(behavior, spawnOptions),
    };
    const bounds = {
      maxTopics: limits.maxTopics,
      mailboxCapacity: limits.topicMailbox,
      idleMs: limits.topicIdleMs,
      crowdSize: limits.crowdSize,
    };
    this.#log = options.log ?? memoryLog({ clock, random });
    this.#log.countIn?.(counters);
    const patterns = new Patterns({ logger, counters });
    this.topics = new Topics("topics", ports, {
      ...bounds,
      patterns,
      log: this.#log,
      replay: limits,
      appendTimeoutMs: limits.appendTimeoutMs,
      setupOf: (name) => this.kinds.find(name)?.value.setup ?? PLAIN_TOPIC,
    });
    this.patterns = new Topics("patterns", ports, {
      ...bounds,
      maxTopics: limits.maxPatternTopics,
      behavior: patternBehavior(patterns, { logger, counters, mailboxCapacity: limits.topicMailbox }),
    });
    this.#flusher = new Flusher(system.scheduler, system.clock, system.counters, limits);
    this.claims = new Claims({ ...ports, drain: () => scheduler.drain() }, limits);
    this.#sessionPorts = {
      ...ports,
      claims: this.claims,
      deadLetters: system.deadLetters,
      topics: this.topics,
      patterns: { topics: this.patterns, maxMatches: limits.maxMatches },
      kinds: this.kinds,
      members: this.members,
      work: this.#work,
      isEnding: () => this.#ending || this.isDraining,
      control: this.control,
      maxRefusedMessages: limits.maxRefusedMessages,
      maxRequests: limits.maxRequests,
      channelBehavior: channelBehavior(limits.channelMailbox),
    };
    this.#componentPorts = {
      ...ports,
      work: this.#work,
      topics: new Topics("component-topics", ports, bounds),
      maxSubscriptions: limits.maxSubscriptions,
    };
    this.#sessions = new DynamicSupervisor(system, { name: "sessions", child: sessionBehavior });
    this.#connectionActors = new DynamicSupervisor(system, {
      name: "connections",
      child: connectionBehavior(limits.connectionMailbox),
    });
  }

  /** The living topics, for those outside of their handlers. */
  topicDirectory(): TopicDirectory {
    const { topics, kinds, members, connections, system: { scheduler, counters } } = this;
    return new LiveTopics({ topics, kinds, members, connections, scheduler, counters });
  }

  /** What the connections of a mount with these limits share. */
  mount(limits: Required<Limits>, idleMs: number): MountPorts {
    return {
      sessionLimits: limits,
      intake: this.guards.intake(limits),
      connections: {
        scheduler: this.system.scheduler,
        counters: this.system.counters,
        logger: this.system.logger,
        flusher: this.#flusher,
        wheel: this.#wheel(idleMs),
        limits: {
          get maxMessageBytes() {
            return limits.maxMessageBytes;
          },
          outbox: {
            maxFrames: limits.outboxFrames,
            maxBytes: limits.outboxBytes,
            maxTransportBytes: limits.transportBytes,
            maxTransportFrames: limits.transportFrames,
          },
        },
        opened: (connection) => this.connections.add(connection),
        closed: (connection) => {
          this.authority.grants.delete(connection);
          this.guards.disconnected(connection);
          this.connections.remove(connection);
          this.#drain?.connectionGone();
        },
      },
    };
  }

  /** A connection that speaks a channel protocol, with a session of its own. */
  channelConnection(mount: MountPorts, info: ConnectionInfo, user: User, codec: Codec): Connection {
    const session = new Session(this.#sessionPorts, mount.sessionLimits, codec, user, info);
    session.startedAs(this.#sessions.start({ args: session, label: info.id }));
    return this.#connection(mount, info, user, codec, new ChannelInterpreter(session, mount.intake));
  }

  /** A connection of a raw component. */
  componentConnection(
    mount: MountPorts,
    info: ConnectionInfo,
    user: User,
    component: Component<unknown>,
    params: Readonly<Record<string, string>>,
  ): Connection {
    return this.#connection(
      mount,
      info,
      user,
      null,
      new ComponentInterpreter(this.#componentPorts, component, params, mount.intake),
    );
  }

  /** Whether another connection would be one too many. */
  get isFull(): boolean {
    return this.#connectionActors.size + this.#handshakes >= this.#limits.maxConnections;
  }

  /** How much of everything is held. */
  gauges(): Omit<Gauges, "held"> {
    return {
      actors: this.system.actorCount,
      timers: this.#clock.pending,
      opening: this.#openings.size,
      connections: this.connections.size,
      behind: this.#flusher.behind,
      sessions: this.#sessions.size,
      suspended: this.claims.suspended,
      claims: this.claims.size,
      patterns: this.patterns.size,
      topics: this.topics.size + this.#componentPorts.topics.size,
      subscribers: this.members.size,
      handlers: this.#work.size,
    };
  }

  /** Asks the members of `topic`, or of all, whether they may still be. Returns how many are asked. */
  recheck(topic?: string): number {
    const topics = topic === undefined ? [...this.topics.names(), ...this.patterns.names()] : [topic];
    return this.rechecks.demand(topics.flatMap((name) => [...this.members.of(name)]));
  }

  /** Whether the end has begun: nothing new is taken in. */
  get isEnding(): boolean {
    return this.#ending;
  }

  /** Whether the app is being drained: there are no new connections. */
  get isDraining(): boolean {
    return this.#drain !== null;
  }

  /** Lets no new connections in from now on, and those that are here go. Once: later calls return the same promise. */
  drain(options: DrainOptions): Promise<void> {
    if (this.#ending) return Promise.resolve();
    const { connections, system: { clock, random, counters, scheduler } } = this;
    const ports = { clock, random, counters, scheduler, connections, openings: this.#openings };
    this.#drain ??= new Drain(ports, options);
    return this.#drain.finished;
  }

  /** A handshake is under way: it has a place from now on. Must end with {@link Engine.endHandshake}. */
  beginHandshake(remoteAddress: string): PendingAnswers {
    this.#handshakes++;
    this.guards.enter(remoteAddress);
    return this.authority.began();
  }

  /** It has become a connection, or has not. */
  endHandshake(remoteAddress: string, pending: PendingAnswers): void {
    this.authority.ended(pending);
    this.guards.leave(remoteAddress);
    this.#handshakes--;
  }

  /** What `answer` comes to, or `late` if that takes longer than `authenticate` may. */
  async inTime<T>(answer: Promise<T>, late: T): Promise<T> {
    const { clock } = this.system;
    let timer: TimerId = 0;
    const timeout = new Promise<T>((resolve) => {
      timer = clock.setTimer(() => resolve(late), this.#limits.authenticateTimeoutMs);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clock.clearTimer(timer);
    }
  }

  /**
   * Ends everything: closes the connections with 1012, waits for the handlers that are pending and for `leave` and
   * `close` handlers, then stops all other actors. What is not done by the deadline is cut off.
   */
  async end(deadlineMs: number): Promise<void> {
    const { system } = this;
    this.#ending = true;
    this.#drain?.cancel();
    this.rechecks.stop();
    for (const connection of [...this.#openings, ...this.connections]) {
      connection.close(CLOSE_RESTART, "the server restarts");
    }
    for (const session of this.claims.waiting()) session.end({ kind: "shutdown" });
    system.scheduler.drain();
    const endMs = system.clock.elapsedMs() + deadlineMs;
    let timer: TimerId = 0;
    const late = new Promise<void>((resolve) => timer = system.clock.setTimer(resolve, deadlineMs));
    const stopped = Promise.all([system.stop(this.#sessions.ref), system.stop(this.#connectionActors.ref)]);
    await Promise.race([stopped.then(() => this.#work.ended()), late]);
    system.clock.clearTimer(timer);
    await system.shutdown({ deadlineMs: Math.max(endMs - system.clock.elapsedMs(), 0) });
    await this.#log.close?.();
  }

  #connection(
    mount: MountPorts,
    info: ConnectionInfo,
    user: User,
    codec: Codec | null,
    interpreter: Interpreter,
  ): Connection {
    const connection = new Connection(mount.connections, info, user, codec, interpreter);
    connection.startedAs(this.#connectionActors.start({ args: connection, label: info.id }));
    this.#openings.add(connection);
    this.guards.connected(connection);
    return connection;
  }

  #wheel(idleMs: number): IdleWheel<Connection> | null {
    if (idleMs === 0) return null;
    let wheel = this.#wheels.get(idleMs);
    if (wheel === undefined) this.#wheels.set(idleMs, wheel = new IdleWheel(this.system.clock, idleMs));
    return wheel;
  }
}
