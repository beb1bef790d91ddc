import { messageOf, type TroupeError } from "../base/errors.ts";
import type { Context } from "../actors/behavior.ts";
import { offer } from "../actors/inside.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { Committable, Committer } from "./committer.ts";
import type { ExtensionPublication, Greeting, TopicPast } from "./extension.ts";
import { type ExtensionPorts, Extensions } from "./extensions.ts";
import { type Entry, Fanout, publicationsOf } from "./fanout.ts";
import { ExtensionTopic, type HostedTopic } from "./hosted_topic.ts";
import { History, type HistoryPorts, type Replay } from "./history.ts";
import type { LogBatch, LogHead } from "./log.ts";
import { NO_PATTERNS, type PatternRoute, type Patterns } from "./patterns.ts";
import { Publication } from "./publication.ts";
import { Recovering } from "./recovering.ts";
import type { Recovery } from "./recovery.ts";
import type { Subscriber } from "./subscriber.ts";
import { timely } from "./timely.ts";
import type { TopicSetup } from "./topic_setup.ts";

/** What a topic is told. */
export type TopicMessage =
  | Publication
  | { readonly type: "subscribe"; readonly subscriber: Subscriber; readonly ask?: number }
  | { readonly type: "unsubscribe"; readonly subscriber: Subscriber }
  | { readonly type: "extend"; readonly extension: string; readonly message: unknown }
  | { readonly type: "run"; readonly task: () => void };

/** What a topic needs of its surroundings, and how it is bounded. */
export interface TopicPorts extends ExtensionPorts, HistoryPorts {
  readonly scheduler: Scheduler;
  readonly committer: Committer;
  /** Subscribers from which on a publication waits for what else the turn brings, so that each is visited once. */
  readonly crowdSize: number;
  /** Where what is published goes beside the topic's members. Left out: nowhere. */
  readonly patterns?: Patterns;
}

/** A topic's actor, as the topic sees it. */
export type TopicHost = Pick<Context<TopicMessage>, "after" | "every" | "self">;

/** A subscription that begins in the turn that is committed. */
interface Beginning {
  readonly subscriber: Subscriber;
  /** How many publications of the turn come before it. */
  readonly from: number;
  /** Where the history stands there. */
  readonly head: LogHead | null;
  readonly greetings: readonly Greeting[];
}

/** What a turn without publications brings: most joins come in one. */
const NOTHING = { deliver(_subscriber: Subscriber, _from?: number): void {} };

/** The owner of one topic's order: takes publications in, commits them once per turn, and fans them out. */
export class Topic implements Committable {
  readonly name: string;
  readonly #ports: TopicPorts;
  readonly #setup: TopicSetup;
  readonly #host: TopicHost | null;
  readonly #subscribers = new Set<Subscriber>();
  /** How many of them gain by waiting for the end of a turn. */
  #gainers = 0;
  /** Those of subscribers whose past is being read. */
  readonly #standIns = new Map<Subscriber, Recovering>();
  #entries: Entry[] = [];
  /** What is being stored; nothing else is committed meanwhile. */
  #storing: Entry[] | null = null;
  #scheduled = false;
  /** Whether an extension has asked for a commit while another is being stored. */
  #touched = false;
  #history: History | null = null;
  #extensions: Extensions | null = null;
  /** What has gone wrong, so that the topic ends. */
  #fault: unknown = undefined;
  #isOver = false;
  /** Which patterns cover it. */
  #route: PatternRoute = NO_PATTERNS;
  readonly #commit = (): void => {
    this.prepare();
    this.settle(null);
  };

  /** `host`: its actor; `null` for a topic without extensions that is driven by hand. */
  constructor(name: string, ports: TopicPorts, setup: TopicSetup, host: TopicHost | null = null) {
    this.name = name;
    this.#ports = ports;
    this.#setup = setup;
    this.#host = host;
  }

  /** Finds its history, and makes its extensions. Throws, or rejects, where it cannot begin. */
  start(): void | Promise<void> {
    const { history: limits, extensions } = this.#setup;
    if (limits === null) return extensions.size === 0 ? undefined : this.#extend(null);
    const { log } = this.#ports;
    const head = timely(log.head(this.name), this.name, this.#ports);
    if (head instanceof Promise) return head.then((found) => this.#begin(found));
    return this.#begin(head);
  }

  #begin(head: LogHead): void | Promise<void> {
    const { history: limits, extensions } = this.#setup;
    this.#history = new History(this.name, limits!, this.#ports, head, this.#unencodable);
    if (!limits!.folded) return extensions.size === 0 ? undefined : this.#extend(null);
    const past = this.#history.past();
    if (past instanceof Promise) return past.then((read) => this.#extend(read));
    return this.#extend(past);
  }

  #extend(past: TopicPast | null): void | Promise<void> {
    const view: HostedTopic = {
      name: this.name,
      members: this.#subscribers,
      publish: (publication) => this.#publish(publication),
      touch: () => this.#touch(),
    };
    const topic = new ExtensionTopic(view, this.#ports, this.#host!, past);
    const extensions = this.#extensions = new Extensions(this.#setup.extensions, topic);
    return extensions.ready?.then(() => {});
  }

  /** Something for one of its extensions. */
  extend(extension: string, message: unknown): void {
    this.#extensions?.receive(extension, message);
  }

  /**
   * Takes in one publication or subscription; it takes effect at this turn's commit, or, where no subscriber gains by
   * waiting for what else the turn brings, as soon as this drain is done.
   */
  take(entry: Entry): void {
    this.#entries.push(entry);
    if ("publication" in entry) this.#extensions?.taken(entry.publication);
    this.#schedule();
  }

  /** Forgets a subscriber. It is not called any more. */
  unsubscribe(subscriber: Subscriber): void {
    this.#dismiss(subscriber);
    this.#remove(subscriber);
    this.#extensions?.left(subscriber);
  }

  #remove(subscriber: Subscriber): void {
    if (this.#subscribers.delete(subscriber) && subscriber.gainsByWaiting) this.#gainers--;
  }

  /** Nobody stands in for `subscriber` any more. Gives who did. */
  #dismiss(subscriber: Subscriber): Recovering | undefined {
    const standIn = this.#standIns.get(subscriber);
    if (standIn === undefined) return undefined;
    this.#standIns.delete(subscriber);
    this.#remove(standIn);
    return standIn;
  }

  /** Its actor has ended. */
  stopped(): void {
    this.#isOver = true;
    this.#extensions?.stopped();
  }

  /** Throws what has gone wrong in a commit. */
  checkFault(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  #publish({ event, payload, kept, origin }: ExtensionPublication): void {
    const publication = new Publication(this.name, event, payload, origin ?? null);
    if (kept && this.#history !== null) publication.keep(this.#ports.clock.now(), null);
    this.take({ publication });
  }

  #touch(): void {
    if (this.#storing !== null) this.#touched = true;
    else this.#schedule(true);
  }

  /** `waits`: for what else the turn brings, also where no subscriber gains by that. */
  #schedule(waits = false): void {
    if (this.#scheduled || this.#storing !== null) return;
    this.#scheduled = true;
    const { scheduler, committer } = this.#ports;
    const soon = this.#gainers === 0 && this.#subscribers.size < this.#ports.crowdSize && !waits;
    if (this.#history !== null) committer.add(this, soon);
    else if (soon) scheduler.atSettled(this.#commit);
    else scheduler.atCommit(this.#commit);
  }

  // ── The commit ───────────────────────────────────────────────────────────────────────────────────────────────────

  prepare(): LogBatch | null {
    this.#attempt(() => this.#extensions?.committing());
    this.#scheduled = false;
    const entries = this.#storing = this.#entries;
    this.#entries = [];
    if (this.#history === null) return null;
    if (this.#isOver) { // another topic of this name may append by now
      for (const publication of publicationsOf(entries)) publication.fail();
      return null;
    }
    return this.#history.batch(
      publicationsOf(entries),
      this.#attempt(() => this.#extensions?.snapshot()) ?? null,
    );
  }

  settle(head: LogHead | null): void {
    const entries = this.#storing!;
    this.#attempt(() => this.#settle(entries, head));
    this.#storing = null;
    if (this.#entries.length > 0 || this.#touched) this.#schedule(this.#touched);
    this.#touched = false;
  }

  abandon(error: unknown): void {
    const { counters, logger } = this.#ports;
    logger.log("error", "publications could not be stored", { topic: this.name, error: messageOf(error) });
    const lose = (entries: Entry[]): Entry[] =>
      entries.filter((entry) => {
        if (!("publication" in entry) || entry.publication.kept === null) return true;
        counters.add("history.unstored");
        this.#tell(entry.publication, false);
        return false;
      });
    this.#storing = lose(this.#storing!);
    // What was decided meanwhile was decided upon a state that has never been.
    if (this.#setup.history?.folded) this.#entries = lose(this.#entries);
    this.#attempt(() => this.#extensions?.failed());
    this.settle(null);
  }

  overdue(error: TroupeError): void {
    if (this.#isOver) return;
    this.#attempt(() => {
      throw error;
    });
  }

  #settle(entries: readonly Entry[], head: LogHead | null): void {
    const publications = publicationsOf(entries);
    const before = this.#history?.head ?? null;
    if (head !== null) this.#history!.appended(publications, head);
    if (this.#isOver) return publications.forEach((publication) => publication.acknowledge());
    const beginnings = this.#beginnings(entries, before);
    const fanout = publications.length === 0 ? NOTHING : new Fanout(publications, this.#unencodable);
    if (publications.length > 0) {
      for (const subscriber of this.#subscribers) {
        if (subscriber.active) fanout.deliver(subscriber);
        else this.unsubscribe(subscriber); // its farewell found the mailbox full
      }
    }
    const { patterns } = this.#ports;
    if (patterns !== undefined && publications.length > 0) {
      this.#route = patterns.deliver(this.name, publications, this.#route, this.#setup.personal);
    }
    for (const beginning of beginnings) {
      for (let i = 0; i < beginning.from; i++) {
        if (publications[i].origin === beginning.subscriber) this.#tell(publications[i], true);
      }
      this.#admit(beginning, fanout);
    }
    if (this.#standIns.size === 0) this.#history?.release();
    for (const publication of publications) this.#tell(publication, true);
    this.#ports.counters.add("publications", publications.length);
  }

  /** Tells the author of a publication what has become of it: behind the author's beginning. */
  #tell(publication: Publication, isStored: boolean): void {
    const standIn = this.#standIns.size === 0
      ? undefined
      : this.#standIns.get(publication.origin as Subscriber);
    if (standIn !== undefined) standIn.owe(publication, isStored);
    else if (isStored) publication.acknowledge();
    else publication.fail();
  }

  /** The subscriptions of the turn, each in its place among the publications, which extensions hear of in that order. */
  #beginnings(entries: readonly Entry[], before: LogHead | null): Beginning[] {
    const beginnings: Beginning[] = [];
    const extensions = this.#extensions;
    let from = 0;
    let head = before;
    for (const entry of entries) {
      if ("publication" in entry) {
        from++;
        const { publication } = entry;
        if (publication.position !== null) head = publication.position;
        extensions?.committed(publication);
      } else {
        const { subscriber, ask } = entry;
        if (ask !== subscriber.asks) { // it has asked again: then it begins, and once
          subscriber.committed();
          continue;
        }
        beginnings.push({ subscriber, from, head, greetings: extensions?.joining(subscriber) ?? [] });
      }
    }
    return beginnings;
  }

  #admit(beginning: Beginning, fanout: Pick<Fanout, "deliver">): void {
    const { subscriber, from, head } = beginning;
    if (head === null) {
      this.#enter(subscriber, beginning.greetings, null);
      if (!subscriber.active) return; // it has ended meanwhile
      fanout.deliver(subscriber, from);
      return this.#add(subscriber);
    }
    const replay = this.#history!.replay(subscriber.wish, head);
    if (replay instanceof Promise) return this.#recoverLater(beginning, replay, fanout);
    this.#enter(subscriber, beginning.greetings, replay.recovery);
    if (!subscriber.active) return;
    this.#history!.began(replay);
    if (replay.publications.length > 0) replay.fanout.deliver(subscriber);
    fanout.deliver(subscriber, from);
    this.#add(subscriber);
  }

  #enter(subscriber: Subscriber, greetings: readonly Greeting[], recovery: Recovery | null): void {
    subscriber.subscribed(recovery);
    if (!subscriber.active) return;
    if (recovery?.outcome !== "recovered" || subscriber.wish?.state) {
      for (const greeting of greetings) subscriber.push(greeting.event, greeting.payload());
    }
  }

  #add(subscriber: Subscriber): void {
    if (!this.#subscribers.has(subscriber) && subscriber.gainsByWaiting) this.#gainers++;
    this.#subscribers.add(subscriber);
    this.#extensions?.joined(subscriber);
  }

  /** The log takes its time: what is published meanwhile waits behind what it reads. */
  #recoverLater(
    { subscriber, from, greetings }: Beginning,
    replay: Promise<Replay>,
    fanout: Pick<Fanout, "deliver">,
  ): void {
    const standIn = new Recovering(subscriber, this.#ports.replay.maxReplay);
    const ask = subscriber.asks;
    this.#replaceStandIn(subscriber, standIn);
    fanout.deliver(standIn, from);
    this.#subscribers.add(standIn);
    if (standIn.gainsByWaiting) this.#gainers++;
    const settled = (begin: () => void): void => {
      if (this.#standIns.get(subscriber) !== standIn || this.#isOver) return;
      this.#dismiss(subscriber);
      if (ask === subscriber.asks) this.#attempt(begin);
      else standIn.giveWay();
      if (this.#standIns.size === 0) this.#history!.release();
      this.#ports.scheduler.drain();
    };
    replay.then(
      (read) => settled(() => this.#recovered(standIn, greetings, read)),
      (error) => settled(() => standIn.turnAway(error)),
    );
  }

  #recovered(standIn: Recovering, greetings: readonly Greeting[], read: Replay): void {
    const { inner: subscriber, overflowed } = standIn;
    const replay = overflowed ? this.#history!.overtaken(read, standIn.firstOffset) : read;
    // What is lost has to be in what it is greeted with.
    const fresh = overflowed ? this.#extensions?.joining(subscriber) ?? [] : greetings;
    this.#enter(subscriber, fresh, replay.recovery);
    if (!subscriber.active) return;
    this.#history!.began(replay);
    standIn.handOver(replay.fanout);
    this.#add(subscriber);
  }

  /** A client that went and came back while its past was read begins anew. */
  #replaceStandIn(subscriber: Subscriber, standIn: Recovering): void {
    const before = this.#dismiss(subscriber);
    this.#standIns.set(subscriber, standIn);
    before?.giveWay();
  }

  /** What an extension throws ends the topic, in its actor's turn. */
  #attempt<T>(task: () => T): T | undefined {
    try {
      return task();
    } catch (error) {
      if (this.#host === null) throw error;
      this.#fault ??= error;
      this.#isOver = true; // nothing goes out that came behind the fault
      offer(this.#host.self, { type: "run", task: () => this.checkFault() }); // if it is full, there is a turn anyway
    }
  }

  readonly #unencodable = (publication: Publication, codec: { name: string }, error: unknown): void => {
    this.#ports.counters.add("publications.unencodable");
    this.#ports.logger.log("warn", "publication skipped: the codec cannot carry it", {
      topic: this.name,
      event: publication.event,
      codec: codec.name,
      error: messageOf(error),
    });
  };
}
