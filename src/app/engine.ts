import type { TimerId } from "../base/clock.ts";
import { DynamicSupervisor } from "../actors/dynamic_supervisor.ts";
import { System } from "../actors/system.ts";
import { PatternTable } from "../contract/pattern_table.ts";
import { CLOSE_RESTART } from "../protocol/close_codes.ts";
import type { Codec } from "../protocol/codec.ts";
import { channelBehavior } from "../sessions/channel_behavior.ts";
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
import { IdleWheel } from "../sessions/idle_wheel.ts";
import { Members } from "../sessions/members.ts";
import { OpenWork } from "../sessions/open_work.ts";
import { Flusher } from "../sessions/flusher.ts";
import { Session, sessionBehavior, type SessionLimits, type SessionPorts } from "../sessions/session.ts";
import type { TopicKind } from "../sessions/topic_kind.ts";
import type { User } from "../sessions/user.ts";
import { Topics, type TopicsPorts } from "../topics/topics.ts";
import { Openings } from "./openings.ts";
import type { AppOptions, Limits } from "./options.ts";

/** What the connections of one mount share. */
export interface MountPorts {
  readonly connections: ConnectionPorts;
  readonly sessionLimits: SessionLimits;
}

/** Everything that runs, wired up: the system, its topics, sessions and connections. */
export class Engine {
  readonly system: System;
  readonly kinds = new PatternTable<TopicKind>();
  readonly topics: Topics;
  readonly members = new Members();
  readonly connections = new ConnectionTable();
  readonly #limits: Required<Limits>;
  readonly #flusher: Flusher;
  readonly #sessionPorts: SessionPorts;
  readonly #componentPorts: ComponentPorts;
  readonly #sessions: DynamicSupervisor<never, Session>;
  readonly #connectionActors: DynamicSupervisor<ConnectionMessage, Connection>;
  readonly #wheels = new Map<number, IdleWheel>();
  readonly #work = new OpenWork();
  readonly #openings: Openings;
  #handshakes = 0;
  #ending = false;

  constructor(options: AppOptions<never>, limits: Required<Limits>) {
    this.system = new System(options);
    this.#limits = limits;
    const { system } = this;
    this.#openings = new Openings(system.clock, system.counters, limits.openTimeoutMs);
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
    };
    this.topics = new Topics("topics", ports, bounds);
    this.#flusher = new Flusher(system.scheduler, system.clock);
    this.#sessionPorts = {
      ...ports,
      deadLetters: system.deadLetters,
      topics: this.topics,
      kinds: this.kinds,
      members: this.members,
      work: this.#work,
      isEnding: () => this.#ending,
      maxRefusedMessages: limits.maxRefusedMessages,
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

  /** What the connections of a mount with these limits share. */
  mount(limits: Required<Limits>, idleMs: number): MountPorts {
    return {
      sessionLimits: limits,
      connections: {
        scheduler: this.system.scheduler,
        counters: this.system.counters,
        logger: this.system.logger,
        flusher: this.#flusher,
        wheel: this.#wheel(idleMs),
        limits: {
          maxMessageBytes: limits.maxMessageBytes,
          outbox: {
            maxFrames: limits.outboxFrames,
            maxBytes: limits.outboxBytes,
            maxTransportBytes: limits.transportBytes,
            maxTransportFrames: limits.transportFrames,
          },
        },
        opened: (connection) => {
          this.#openings.delete(connection);
          this.connections.add(connection);
        },
        closed: (connection) => {
          this.#openings.delete(connection);
          this.connections.remove(connection);
        },
      },
    };
  }

  /** A connection that speaks a channel protocol, with a session of its own. */
  channelConnection(mount: MountPorts, info: ConnectionInfo, user: User, codec: Codec): Connection {
    const session = new Session(this.#sessionPorts, mount.sessionLimits, codec, user, info);
    session.startedAs(this.#sessions.start({ args: session, label: info.id }));
    return this.#connection(mount, info, user, codec, new ChannelInterpreter(session));
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
      new ComponentInterpreter(this.#componentPorts, component, params),
    );
  }

  /** Whether another connection would be one too many. */
  get isFull(): boolean {
    return this.#connectionActors.size + this.#handshakes >= this.#limits.maxConnections;
  }

  /** Whether the end has begun: nothing new is taken in. */
  get isEnding(): boolean {
    return this.#ending;
  }

  /** Keeps a place for a connection while `handshake` is under way. */
  async duringHandshake<T>(handshake: () => T | Promise<T>): Promise<T> {
    this.#handshakes++;
    try {
      return await handshake();
    } finally {
      this.#handshakes--;
    }
  }

  /**
   * Ends everything: closes the connections with 1012, waits for the handlers that are pending and for `leave` and
   * `close` handlers, then stops all other actors. What is not done by the deadline is cut off.
   */
  async end(deadlineMs: number): Promise<void> {
    const { system } = this;
    this.#ending = true;
    for (const connection of [...this.#openings, ...this.connections]) {
      connection.close(CLOSE_RESTART, "the server restarts");
    }
    system.scheduler.drain();
    const endMs = system.clock.elapsedMs() + deadlineMs;
    let timer: TimerId = 0;
    const late = new Promise<void>((resolve) => timer = system.clock.setTimer(resolve, deadlineMs));
    const stopped = Promise.all([system.stop(this.#sessions.ref), system.stop(this.#connectionActors.ref)]);
    await Promise.race([stopped.then(() => this.#work.ended()), late]);
    system.clock.clearTimer(timer);
    await system.shutdown({ deadlineMs: Math.max(endMs - system.clock.elapsedMs(), 0) });
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
    return connection;
  }

  #wheel(idleMs: number): IdleWheel | null {
    if (idleMs === 0) return null;
    let wheel = this.#wheels.get(idleMs);
    if (wheel === undefined) this.#wheels.set(idleMs, wheel = new IdleWheel(this.system.clock, idleMs));
    return wheel;
  }
}
