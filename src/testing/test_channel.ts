import type { AnyContract, RequestHandlers, StateOf } from "../contract/define_topic.ts";
import { type AnswerHandlers, answerRequests } from "../protocol/requests.ts";
import type { AnyTopic, EventsIn } from "../sessions/topic_handlers.ts";
import type {
  Audible,
  EventAnswered,
  EventGiven,
  EventHeard,
  JoinAnswered,
  PayloadAndOptions,
} from "./channel_types.ts";
import type { Received } from "./inbox.ts";
import type { Membership, MembershipStatus, RecoveryReport } from "./membership.ts";
import type { PresenceMeta } from "./presence_view.ts";
import type { WaitOptions } from "./virtual_time.ts";

/** How a test's client sends. */
export interface SendOptions extends WaitOptions {
  /**
   * Names the message (`troupe:id`): sent again under the same id, it takes effect once. The payload has to be a JSON
   * object. Default: it has no name.
   */
  readonly id?: string;
}

/**
 * A client's channel in a test: what it sends and hears in one topic, typed by the topic's contract. See `testKit`.
 *
 * @typeParam C The contract; a topic that was joined by its name alone takes anything.
 */
export class TestChannel<C extends AnyTopic> {
  readonly #membership: Membership;

  /** For `TestClient.join`. */
  constructor(membership: Membership) {
    this.#membership = membership;
  }

  /** The topic's whole name. */
  get topic(): string {
    return this.#membership.topic;
  }

  /** How the client stands to it. */
  get status(): MembershipStatus {
    return this.#membership.status;
  }

  /** What the last join was answered. */
  get reply(): JoinAnswered<C> {
    return this.#membership.reply as JoinAnswered<C>;
  }

  /** Whether the last join has found the channel that the client had before: see `limits.graceMs`. */
  get isResumed(): boolean {
    return this.#membership.isResumed;
  }

  /** What became of what the client had missed at its last join; `null` if it did not ask, or there is no history. */
  get recovery(): RecoveryReport | null {
    return this.#membership.recovery;
  }

  /** Where the client stands in the topic's history; `null` if there is none. */
  get position(): { readonly epoch: string; readonly offset: number } | null {
    return this.#membership.position;
  }

  /**
   * The topic's state, as this client has folded it from the snapshot that it was given and the publications since; by
   * the contract's own functions.
   */
  get state(): C extends AnyContract ? StateOf<C> : unknown {
    return this.#membership.state as C extends AnyContract ? StateOf<C> : unknown;
  }

  /** Who is present, by key, as this client has been told. */
  get presence(): ReadonlyMap<string, readonly PresenceMeta[]> {
    return this.#membership.presence.present;
  }

  /**
   * Sends an event, and resolves with what it is answered.
   *
   * @throws {TroupeError} `send_refused`, with the response in `details`; `no_reply` if nothing has come when all is at
   * rest: see {@link WaitOptions}; its `patienceMs` is 1,000 here. `not_joined`, `not_connected`.
   */
  async send<E extends EventsIn<C>>(
    event: E,
    ...[payload, { id, ...waiting } = {}]: PayloadAndOptions<EventGiven<C, E>, SendOptions>
  ): Promise<EventAnswered<C, E>> {
    const message = id === undefined ? payload ?? {} : { ...payload as object | undefined, "troupe:id": id };
    return await this.#membership.send(event, message, waiting) as EventAnswered<C, E>;
  }

  /** Sends an event without asking for its answer: for topics without a contract, whose handlers need not answer. */
  async push<E extends EventsIn<C>>(
    event: E,
    ...[payload]: PayloadAndOptions<EventGiven<C, E>, never>
  ): Promise<void> {
    await this.#membership.push(event, payload ?? {});
  }

  /**
   * Takes the oldest message of `event` that was not taken yet; if there is none, once it has come. Resolves with the
   * payload. The engine's own events have their names on the wire: `phx_close`, `presence_diff`, `troupe:kicked`, ….
   *
   * @throws {TroupeError} `nothing_came` when all is at rest and it is not there: it says what came instead.
   */
  async next<E extends Audible<C>>(event: E, options: WaitOptions = {}): Promise<EventHeard<C, E>> {
    return (await this.#membership.inbox.next(event, options)).payload as EventHeard<C, E>;
  }

  /**
   * Takes what has come and was not taken yet, oldest first: the messages of `event`, or all of the application's. To see
   * that something did not come, ask when all is at rest, as it is after each `await` of the kit.
   */
  take<E extends Audible<C>>(event?: E): Received<EventHeard<C, E>>[] {
    return this.#membership.inbox.take(event) as Received<EventHeard<C, E>>[];
  }

  /** Answers what the server asks: see `answerRequests`. Without it, requests come as events `troupe:request`. */
  answer(handlers: C extends AnyContract ? Partial<RequestHandlers<C>> : AnswerHandlers): void {
    const membership = this.#membership;
    answerRequests({
      on(event, callback) {
        membership.listen(event, callback);
        return 0;
      },
      off() {},
      push: (event, payload) => membership.post(event, payload),
    }, handlers as AnswerHandlers);
  }

  /**
   * Joins again, as clients do after a crash of the channel (`errored`).
   *
   * @throws {TroupeError} `join_refused`, `no_reply`, `not_connected`.
   */
  async rejoin(options: WaitOptions = {}): Promise<void> {
    await this.#membership.join(options);
  }

  /** Leaves the topic. */
  async leave(): Promise<void> {
    await this.#membership.leave();
  }
}
