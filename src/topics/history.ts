import { messageOf, TroupeError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { TopicPast } from "./extension.ts";
import { Fanout, type OnUnencodable } from "./fanout.ts";
import { keptFor } from "./kept_for.ts";
import type {
  Log,
  LogBatch,
  LogEntry,
  LogHead,
  LogLimits,
  LogPage,
  LogSnapshot,
  NewLogEntry,
} from "./log.ts";
import { Publication, type SubscriberFilter } from "./publication.ts";
import { timely } from "./timely.ts";
import {
  firstReplayed,
  planRecovery,
  type Recovery,
  recoveryFrom,
  type RecoveryPlan,
  type ReplayLimits,
  type ResumeWish,
} from "./recovery.ts";

/** What histories need of their surroundings. */
export interface HistoryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly replay: ReplayLimits;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** How a client begins, and what it is sent of the past. Those who join together at the same place share it. */
export interface Replay {
  readonly recovery: Recovery;
  readonly publications: readonly Publication[];
  /** Sends them. */
  readonly fanout: Fanout;
}

/** A topic's side of its log: knows where its history stands, and reads what clients have missed. */
export class History {
  readonly #topic: string;
  readonly #limits: LogLimits;
  readonly #ports: HistoryPorts;
  #head: LogHead;
  readonly #onUnencodable: OnUnencodable;
  /** What was read for one of the clients that join together serves the others. */
  #shared: Map<number, Publication> | null = null;
  /** The same for those who join at the same place: by their plan. */
  #replays: Map<string, Replay> | null = null;

  /** `head`: where it stands. `onUnencodable`: is told of what cannot be replayed. */
  constructor(
    topic: string,
    limits: LogLimits,
    ports: HistoryPorts,
    head: LogHead,
    onUnencodable: OnUnencodable,
  ) {
    this.#topic = topic;
    this.#limits = limits;
    this.#ports = ports;
    this.#head = head;
    this.#onUnencodable = onUnencodable;
  }

  /** Where it stands. */
  get head(): LogHead {
    return this.#head;
  }

  /** What the log is to append; `null`: nothing. `snapshot`: the fold of all up to here, or `null`. */
  batch(publications: readonly Publication[], snapshot: string | null): LogBatch | null {
    const entries: NewLogEntry[] = [];
    for (const { kept } of publications) if (kept !== null) entries.push(kept);
    if (entries.length === 0 && snapshot === null) return null;
    const batch = { topic: this.#topic, entries, limits: this.#limits };
    return snapshot === null ? batch : { ...batch, snapshot };
  }

  /**
   * The log has appended the kept ones of `publications`, and stands at `head`: gives them their positions. Throws if
   * they do not follow what was there before, since the log has forgotten it, or somebody else has appended: members
   * have to join again.
   */
  appended(publications: readonly Publication[], head: LogHead): void {
    const before = this.#head;
    this.#head = head;
    this.release();
    let { offset } = before;
    for (const publication of publications) {
      if (publication.kept !== null) publication.position = { epoch: head.epoch, offset: ++offset };
    }
    if (head.epoch === before.epoch && head.offset === offset) return;
    this.#ports.counters.add("history.broken");
    throw new TroupeError(
      "broken_history",
      `The history of ${
        JSON.stringify(this.#topic)
      } does not go on where it was: it stood at ${before.offset} of ` +
        `${before.epoch}, and with ${
          offset - before.offset
        } more it stands at ${head.offset} of ${head.epoch}. The log has forgotten it (its options maxBytes and ` +
        "maxTopics say when, log.forgotten.* counts it), or somebody else writes to it",
      { retryable: true },
    );
  }

  /**
   * What a client gets that joins where the history stood at `head`. It does not throw. It rejects with `history_timeout`
   * alone: the same may be read in time later.
   */
  replay(wish: ResumeWish | null, head: LogHead): Replay | Promise<Replay> {
    const plan = planRecovery(wish, head, this.#ports.replay);
    if (plan.after >= head.offset) return this.#replayed({ head, entries: [] }, plan, head);
    const place = `${plan.after} ${head.offset} ${plan.asked} ${plan.isReset}`;
    const shared = this.#replays?.get(place);
    if (shared !== undefined) return shared;
    try {
      const max = this.#head.offset - plan.after; // what was appended behind `head` in the same turn is read, too
      const page = this.#timely(this.#ports.log.read(this.#topic, plan.after, max));
      if (page instanceof Promise) {
        return page.then((read) => this.#replayed(read, plan, head))
          .catch((error) => {
            if (error instanceof TroupeError && error.code === "history_timeout") throw error;
            return this.#unread(error, plan, head);
          });
      }
      const replay = this.#replayed(page, plan, head);
      (this.#replays ??= new Map()).set(place, replay);
      return replay;
    } catch (error) {
      return this.#unread(error, plan, head);
    }
  }

  /** `replay`, for a client that has lost what was published while it was read: up to `firstOffset`, if that is known. */
  overtaken({ recovery }: Replay, firstOffset: number | null): Replay {
    const { outcome, gap, position } = recovery;
    const asked = outcome === "recovered" ? position.offset : gap === null ? null : gap.from - 1;
    const plan = { asked, isReset: outcome === "reset", after: 0 };
    const { epoch, offset } = this.#head;
    return this.#replayOf(recoveryFrom(plan, epoch, firstOffset ?? offset + 1), []);
  }

  /** A client has begun so. */
  began({ recovery, publications }: Replay): void {
    const { counters } = this.#ports;
    if (recovery.outcome !== null) counters.add(`recoveries.${recovery.outcome}`);
    counters.add("recoveries.replayed", publications.length);
  }

  /** What was kept up to now, for those who fold it. Throws, or rejects, where that is not all there was. */
  past(): TopicPast | Promise<TopicPast> {
    const snapshot = this.#timely(this.#ports.log.snapshot(this.#topic));
    if (snapshot instanceof Promise) return snapshot.then((found) => this.#pastSince(found));
    return this.#pastSince(snapshot);
  }

  #pastSince(snapshot: LogSnapshot | null): TopicPast | Promise<TopicPast> {
    const after = snapshot?.offset ?? 0;
    const head = this.#head;
    if (after === head.offset) return { head, snapshot, tail: [] };
    const page = this.#timely(this.#ports.log.read(this.#topic, after, head.offset - after));
    const whole = ({ entries }: LogPage): TopicPast => {
      if (entries[0]?.offset === after + 1 && entries.at(-1)!.offset === head.offset) {
        return { head, snapshot, tail: entries };
      }
      throw new TroupeError(
        "incomplete_history",
        `Cannot fold the state of ${
          JSON.stringify(this.#topic)
        }: its log does not have all that was published ` +
          `since ${after === 0 ? "the beginning" : `the snapshot at ${after}`}`,
      );
    };
    return page instanceof Promise ? page.then(whole) : whole(page);
  }

  #timely<T>(read: T | Promise<T>): T | Promise<T> {
    return timely(read, this.#topic, this.#ports);
  }

  #replayed(page: LogPage, plan: RecoveryPlan, head: LogHead): Replay {
    if (page.head.epoch !== head.epoch) return this.#unread(new Error("it has another epoch"), plan, head);
    const { entries } = page;
    const replayed = entries.slice(firstReplayed(page, head, this.#ports.replay))
      .filter(({ offset }) => offset <= head.offset);
    const recovery = recoveryFrom(plan, head.epoch, replayed[0]?.offset ?? head.offset + 1);
    return this.#replayOf(recovery, replayed.map((entry) => this.#restored(head.epoch, entry)));
  }

  /** What cannot be read is lost for this client, and it is told so. */
  #unread(error: unknown, plan: RecoveryPlan, head: LogHead): Replay {
    const { counters, logger } = this.#ports;
    counters.add("history.unread");
    logger.log("error", "a history could not be read", { topic: this.#topic, error: messageOf(error) });
    return this.#replayOf(recoveryFrom(plan, head.epoch, head.offset + 1), []);
  }

  #replayOf(recovery: Recovery, publications: readonly Publication[]): Replay {
    return { recovery, publications, fanout: new Fanout(publications, this.#onUnencodable) };
  }

  #restored(epoch: string, entry: LogEntry): Publication {
    const shared = this.#shared ??= new Map();
    let restored = shared.get(entry.offset);
    if (restored === undefined) {
      restored = Publication.restored(this.#topic, epoch, entry, filterOf(entry));
      shared.set(entry.offset, restored);
    }
    return restored;
  }

  /** Those who join together are in: nothing that was read is held any longer. */
  release(): void {
    this.#shared = null;
    this.#replays = null;
  }
}

function filterOf({ recipients }: LogEntry): SubscriberFilter | null {
  if (recipients === null) return null;
  const isFor = keptFor(recipients);
  return ({ userId, wish }) => isFor({ userId, formerConnectionIds: wish?.formerConnectionIds ?? [] });
}
