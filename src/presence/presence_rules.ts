import { TroupeError } from "../base/errors.ts";
import type { Schema } from "../contract/schema.ts";

/** How a topic shows who is present. */
export type PresenceMode = "exact" | "counted" | "paged";

/**
 * What is known of one who is present: what it was tracked with, and its reference.
 *
 * @typeParam M What it was tracked with.
 */
export type PresenceMeta<M = Readonly<Record<string, unknown>>> = M & {
  /** Names this one meta, among all that ever were. */
  readonly phx_ref: string;
  /** The reference of the one that it has taken the place of, if it is an update. */
  readonly phx_ref_prev?: string;
};

/** Everybody who is present under one key. */
export interface PresentKey<M = Readonly<Record<string, unknown>>> {
  /** The key. */
  readonly key: string;
  /** One for each member that is present under it. For {@link PresenceHooks.onLastLeave} those who were the last. */
  readonly metas: readonly PresenceMeta<M>[];
}

/** The topic, as hooks of presence see it. */
export interface PresenceTopic {
  /** The topic's whole name. */
  readonly topic: string;
}

/** What an application is told of the keys of a topic. */
export interface PresenceHooks<M = Readonly<Record<string, unknown>>> {
  /**
   * Somebody is present under a key where nobody was: called once a turn, when the others are told. What comes and goes
   * within one turn is not seen. A throw is counted (`presence.hooks_failed`) and logged.
   */
  onFirstJoin?(topic: PresenceTopic, present: PresentKey<M>): void | Promise<void>;
  /** Nobody is present under a key any more, where somebody was. */
  onLastLeave?(topic: PresenceTopic, present: PresentKey<M>): void | Promise<void>;
}

/** How a topic knows who is present. Everything has a default. */
export interface PresenceOptions<M = Readonly<Record<string, unknown>>> extends PresenceHooks<M> {
  /**
   * What clients get. `exact`: everybody (`presence_state`) and every change (`presence_diff`), as Phoenix has it: for
   * topics in which all know all. `counted`: the number of keys, and a sample of them. `paged`: the number, and the keys a
   * page at a time, on request. Default: `exact`.
   */
  mode?: PresenceMode;
  /** `counted`: how many keys the sample has, those that are there the longest. Default: 10. */
  sampleSize?: number;
  /** `paged`: how many keys a page has. Default: 100. */
  pageSize?: number;
  /**
   * How long clients are told nothing new after they were told, in milliseconds: what comes and goes meanwhile is told
   * together, then. Default: 0 in `exact` mode, so that each turn's changes are told with it; 1,000 in the others. A topic
   * with thousands of members wants it in `exact` mode as well: all of them are told of each change.
   */
  everyMs?: number;
  /**
   * Keys of the topic. Default: 100,000. Beyond: nobody is tracked under another one (`presence.too_many_keys`). In `exact`
   * mode, what all of them say together has to fit into `limits.outboxBytes`, since it is sent to all who join.
   */
  maxKeys?: number;
  /** Metas of one key. Default: 100. Beyond: another is not tracked (`presence.too_many_metas`). */
  maxMetasPerKey?: number;
  /** Keys of one member. Default: 100. Beyond: `track` throws `too_many_presences` (`presence.too_many_of_member`). */
  maxKeysPerMember?: number;
  /**
   * Tabs that one member may stand for, each of which is present of its own. Default: 32. Beyond: so many are shown
   * (`presence.too_many_tabs`).
   */
  maxTabsPerMember?: number;
  /** Bytes of a key. Default: 256. Beyond: `track` throws `invalid_presence` (`presence.invalid`). */
  maxKeyBytes?: number;
  /** Bytes of one meta as JSON. Default: 4,096. Beyond: `track` throws `invalid_presence` (`presence.invalid`). */
  maxMetaBytes?: number;
}

/** The same, complete and checked, with the schema that metas have to fit; `null`: any object does. */
export type PresenceRules =
  & Required<Omit<PresenceOptions, keyof PresenceHooks>>
  & PresenceHooks
  & { readonly schema: Schema | null };

const MODES: readonly string[] = ["exact", "counted", "paged"] satisfies PresenceMode[];

const COUNTS = {
  sampleSize: 10,
  pageSize: 100,
  maxKeys: 100_000,
  maxMetasPerKey: 100,
  maxKeysPerMember: 100,
  maxTabsPerMember: 32,
  maxKeyBytes: 256,
  maxMetaBytes: 4_096,
} as const;

/**
 * Completes the options of a topic's presence.
 *
 * @param topic The topic's pattern, for the message.
 * @param schema What metas have to fit; `null`: any object does.
 * @throws {TroupeError} `invalid_handlers`, naming the option at fault and what is accepted.
 */
export function presenceRules(topic: string, options: PresenceOptions, schema: Schema | null): PresenceRules {
  const refuse = (fault: string, accepted: string): never => {
    throw new TroupeError(
      "invalid_handlers",
      `Cannot use the presence of the topic "${topic}": ${fault}. Accepted: ${accepted}`,
      { details: { topic, accepted } },
    );
  };
  const names = ["mode", "everyMs", "onFirstJoin", "onLastLeave", ...Object.keys(COUNTS)];
  if (typeof options !== "object" || options === null) refuse("it is no object", names.join(", "));
  const given = options as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`"${unknown}" is not known`, names.join(", "));
  const { mode = "exact", onFirstJoin, onLastLeave } = options;
  const { everyMs = mode === "exact" ? 0 : 1_000 } = options;
  if (!MODES.includes(mode)) refuse(`there is no mode ${JSON.stringify(mode)}`, MODES.join(", "));
  if (typeof everyMs !== "number" || !(everyMs >= 0) || everyMs === Infinity) {
    refuse("everyMs is no time", "a number of milliseconds");
  }
  for (const name of ["onFirstJoin", "onLastLeave"]) {
    if (given[name] !== undefined && typeof given[name] !== "function") {
      refuse(`${name} is a ${typeof given[name]}`, "a function (topic, { key, metas })");
    }
  }
  const counts: Record<keyof typeof COUNTS, number> = { ...COUNTS };
  for (const name of Object.keys(COUNTS) as (keyof typeof COUNTS)[]) {
    const count = options[name] ?? COUNTS[name];
    if (!Number.isSafeInteger(count) || count < 1) refuse(`${name} is ${count}`, "a whole number from 1 on");
    counts[name] = count;
  }
  return {
    ...counts,
    mode,
    everyMs,
    schema,
    onFirstJoin: onFirstJoin?.bind(options),
    onLastLeave: onLastLeave?.bind(options),
  };
}
