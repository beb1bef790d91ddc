import { messageOf, TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import { SmallMap } from "../base/small_map.ts";
import type { Ref } from "../actors/ref.ts";
import { CLOSE_NORMAL, CLOSE_POLICY, isSendableCloseCode } from "../protocol/close_codes.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Frame, WireData } from "../protocol/frame.ts";
import { rawCodec, rawFrame } from "../protocol/raw.ts";
import { Publication } from "../topics/publication.ts";
import type { Subscriber } from "../topics/subscriber.ts";
import type { TopicMessage } from "../topics/topic.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import type { Topics } from "../topics/topics.ts";
import type { Component, ComponentConnection, PublishOptions, RawData } from "./component.ts";
import type { Connection, Interpreter } from "./connection.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { HookedMessage } from "./hooks.ts";
import { InboundMeter } from "./inbound_meter.ts";
import { Intake, type IntakePorts, type IntakeTarget } from "./intake.ts";
import type { OpenWork } from "./open_work.ts";
import type { User } from "./user.ts";

/** What every component connection shares. */
export interface ComponentPorts {
  readonly counters: Counters;
  readonly logger: Logger;
  /** The topics of components, apart from those of channels. */
  readonly topics: Topics;
  /** What a shutdown waits for. */
  readonly work: OpenWork;
  /** Topics that one connection may subscribe to. Default: 100. */
  readonly maxSubscriptions: number;
}

/** Waits in the connection's mailbox, before all messages. */
const OPEN = Symbol("open");

/**
 * Runs a raw component's handlers in the turns of one connection. A message over a limit is dropped, since raw data knows
 * neither warnings nor error replies; too many, and the connection is closed with 1008.
 */
export class ComponentInterpreter implements Interpreter, IntakeTarget, ComponentConnection<unknown> {
  readonly params: Readonly<Record<string, string>>;
  state: unknown = undefined;
  readonly #ports: ComponentPorts;
  readonly #component: Component<unknown>;
  readonly #inbound: IntakePorts["inbound"];
  readonly #intake: Intake;
  #meter: InboundMeter | null = null;
  readonly #subscriptions = new SmallMap<Subscription>();
  #connection: Connection | null = null;
  /** Whether `open` has begun, and its promise while it is pending. */
  #opening: boolean | Promise<void> = false;

  constructor(
    ports: ComponentPorts,
    component: Component<unknown>,
    params: Readonly<Record<string, string>>,
    intake: IntakePorts,
  ) {
    this.#ports = ports;
    this.#component = component;
    this.params = params;
    this.#inbound = intake.inbound;
    this.#intake = new Intake(intake, this);
  }

  // ── What the connection tells ────────────────────────────────────────────────────────────────────────────────────

  opened(connection: Connection): void {
    this.#connection = connection;
    this.#intake.open(connection, () => connection.enqueue(OPEN));
  }

  received(data: WireData): void {
    const meter = this.#meter ??= new InboundMeter(this.#inbound);
    meter.frame(data.length); // a warning has no form here
    const excess = meter.message(false, false);
    if (excess?.stage === "close") return this.#connection!.close(CLOSE_POLICY, `too many ${excess.limit}`);
    if (excess?.stage === "throttle") return;
    if (this.#intake.isNeeded) this.#intake.take(new RawMessage(data));
    else this.#enqueue(data);
  }

  deliver({ payload }: HookedMessage): void {
    this.#enqueue(payload);
  }

  answer(_message: HookedMessage, _status: string, response: unknown): void {
    this.send(response as RawData);
  }

  #enqueue(data: unknown): void {
    if (!this.#connection!.enqueue(data)) this.#connection!.overloaded();
  }

  closed(code: number, reason: string): void {
    this.#intake.close(code, reason);
    for (const topic of this.#subscriptions.keys()) this.unsubscribe(topic);
    // Run here, not in the actor: that ends at once, and a pending message handler holds nothing up.
    const { close } = this.#component;
    if (close === undefined || this.#opening === false) return;
    const run = (): void | Promise<void> => close.call(this.#component, this, code, reason);
    if (this.#opening === true) this.#detached(run);
    else this.#detached(() => (this.#opening as Promise<void>).then(run));
  }

  handle(message: unknown): void | Promise<void> {
    try {
      const pending = message === OPEN
        ? this.#open()
        : this.#component.message?.(this, message as string | Uint8Array<ArrayBuffer>);
      if (pending instanceof Promise) {
        return this.#ports.work.track(pending.catch((error) => this.#failed(error)));
      }
    } catch (error) {
      return this.#failed(error);
    }
  }

  #open(): void | Promise<void> {
    this.#opening = true;
    const state = this.#component.open?.(this as ComponentConnection<undefined>);
    if (!(state instanceof Promise)) {
      this.state = state;
      return;
    }
    const opened = state.then((value) => void (this.state = value));
    this.#opening = opened.catch(() => {}).then(() => void (this.#opening = true));
    return opened;
  }

  #failed(error: unknown): void | Promise<void> {
    this.#ports.counters.add("components.errors");
    if (this.#component.error === undefined) throw error; // the connection crashes
    return this.#component.error(this, error);
  }

  /** Runs the close handler, whose faults harm nobody: the connection has ended already. */
  #detached(run: () => void | Promise<void>): void {
    const failed = (error: unknown): void => {
      this.#ports.counters.add("components.errors");
      this.#ports.logger.log("error", "close handler failed", {
        connection: this.id,
        error: messageOf(error),
      });
    };
    try {
      const pending = run();
      if (pending instanceof Promise) this.#ports.work.track(pending.catch(failed));
    } catch (error) {
      failed(error);
    }
  }

  // ── What the component sees ──────────────────────────────────────────────────────────────────────────────────────

  get info(): ConnectionInfo {
    return this.#connection!.info;
  }

  get id(): string {
    return this.info.id;
  }

  get user(): User {
    return this.#connection!.user;
  }

  get remoteAddress(): string {
    return this.info.remoteAddress;
  }

  get url(): URL {
    return this.info.url;
  }

  get headers(): Headers {
    return this.info.headers;
  }

  send(data: RawData): void {
    this.#connection!.write(rawFrame(data));
  }

  close(code: number = CLOSE_NORMAL, reason = ""): void {
    if (!isSendableCloseCode(code)) {
      throw new TroupeError(
        "bad_close_code",
        `Cannot close with ${code}: accepted are 1000-1003, 1007-1014 and 3000-4999`,
        { details: { code } },
      );
    }
    this.#connection!.close(code, reason);
  }

  subscribe(topic: string): void {
    if (!this.#connection!.isOpen || this.#subscriptions.has(topic)) return;
    if (this.#subscriptions.size >= this.#ports.maxSubscriptions) {
      this.#ports.counters.add("components.subscriptions_refused");
      throw new TroupeError(
        "too_many_subscriptions",
        `Cannot subscribe to ${JSON.stringify(topic)}: a connection may have ${this.#ports.maxSubscriptions}`,
      );
    }
    const ended = (): void => void this.#subscriptions.delete(topic);
    this.#subscriptions.set(topic, new Subscription(topic, this.#connection!, this.#ports.topics, ended));
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.get(topic)?.end();
    this.#subscriptions.delete(topic);
  }

  publish(topic: string, data: RawData, options: PublishOptions = {}): void {
    const own = this.#subscriptions.get(topic);
    const filter = options.self || own === undefined ? null : (each: Subscriber): boolean => each !== own;
    this.#ports.topics.publish(new Publication(topic, "", rawFrame(data).data, null, filter));
  }
}

/** A raw message, as hooks see it. */
class RawMessage implements HookedMessage {
  readonly topic = null;
  readonly event = null;
  readonly ref = null;
  readonly joinRef = null;
  readonly payload: WireData;

  constructor(payload: WireData) {
    this.payload = payload;
  }
}

/** A component connection's membership of one topic. */
class Subscription implements Subscriber {
  readonly codec: Codec = rawCodec;
  readonly interleaves = false;
  readonly wish = null;
  readonly gainsByWaiting: boolean;
  active = true;
  readonly #topic: string;
  readonly #connection: Connection;
  readonly #topics: Topics;
  readonly #ref: Ref<TopicMessage>;
  readonly #onEnd: () => void;

  /** Throws what `Topics.hold` throws, or `topic_overloaded`; then there is no subscription. */
  constructor(topic: string, connection: Connection, topics: Topics, onEnd: () => void) {
    this.#topic = topic;
    this.#connection = connection;
    this.#topics = topics;
    this.#onEnd = onEnd;
    this.gainsByWaiting = connection.output.gainsByWaiting;
    this.#ref = topics.hold(topic, this);
    if (topics.subscribe(this.#ref, this)) return;
    topics.unhold(topic, this.#ref, this);
    throw new TroupeError(
      "topic_overloaded",
      `Cannot subscribe to ${JSON.stringify(topic)}: it is overloaded`,
      {
        retryable: true,
      },
    );
  }

  get connectionId(): string {
    return this.#connection.info.id;
  }

  get userId(): string {
    return this.#connection.user.id;
  }

  end(): void {
    if (!this.active) return;
    this.active = false;
    this.#topics.unsubscribe(this.#topic, this.#ref, this);
    this.#topics.unhold(this.#topic, this.#ref, this);
  }

  /** The topic has ended under it. */
  terminated(): void {
    this.active = false;
    this.#onEnd();
  }

  committed(): void {}
  failed(): void {}
  subscribed(): void {}
  push(): void {}

  write(frame: Frame): void {
    this.#connection.write(frame);
  }

  writeTurn(turn: TopicTurn): void {
    this.#connection.writeTurn(turn);
  }
}
