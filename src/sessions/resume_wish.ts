import type { Position } from "../base/position.ts";
import type { Issue } from "../contract/schema.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { ResumeWish } from "../topics/recovery.ts";

/** Where a client says, in its join's payload, what it has seen of the topic. */
export const RESUME_KEY = "troupe";

/** The longest epoch, and the longest list of its connections, that a client may name, in characters. */
const MAX_NAME_LENGTH = 128;

/** A join, and what its client has seen before. */
export interface ResumingJoin {
  /** The join as its topic's contract is asked about it. */
  readonly message: Inbound;
  /** `null`: it does not say. */
  readonly wish: ResumeWish | null;
  /** How many tabs its client is, which share what it joins. */
  readonly tabs: number;
  /** What is wrong with what it says; none: nothing. */
  readonly issues: readonly Issue[];
}

/**
 * Takes what the client has seen out of its join: the key `troupe` of the payload,
 * `{ epoch, offset, last, state, connection, tabs }`, each optional; or the position that came beside it.
 */
export function readResume(message: Inbound): ResumingJoin {
  const { payload } = message;
  const beside = message.after === undefined ? null : wishOf(message.after);
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, RESUME_KEY)) {
    return { message, wish: beside, tabs: 1, issues: NO_ISSUES };
  }
  const { [RESUME_KEY]: given, ...rest } = payload as Record<string, unknown>;
  const join = { ...message, payload: rest };
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const issue = {
      path: RESUME_KEY,
      message: "expected an object with epoch, offset, last, state, connection and tabs, each optional",
    };
    return { message: join, wish: null, tabs: 1, issues: [issue] };
  }
  const { epoch, offset, last, state, connection, tabs } = given as Record<string, unknown>;
  const issues: Issue[] = [];
  const read = <T>(
    key: string,
    value: unknown,
    fits: (value: unknown) => boolean,
    accepted: string,
  ): T | null => {
    if (value === undefined || value === null) return null;
    if (fits(value)) return value as T;
    issues.push({ path: `${RESUME_KEY}.${key}`, message: `expected ${accepted}` });
    return null;
  };
  const wish = {
    epoch: read<string>("epoch", epoch, isName, `a string of at most ${MAX_NAME_LENGTH} characters`),
    offset: read<number>("offset", offset, isCount, "a whole number, 0 or more"),
    last: read<number>("last", last, isCount, "a whole number, 0 or more") ?? 0,
    state: read<boolean>("state", state, (value) => typeof value === "boolean", "true or false") ?? false,
    formerConnectionIds: read<string>(
      "connection",
      connection,
      isName,
      `a string of at most ${MAX_NAME_LENGTH} characters`,
    )?.split(" ") ?? [],
  };
  const shared = read<number>("tabs", tabs, isTabs, "a whole number, 1 or more") ?? 1;
  return { message: join, wish: beside ?? wish, tabs: shared, issues };
}

/**
 * What a client names as its connection when it comes back: the id that this one has, and those that it named itself, as
 * many as fit. What it has published over one of them may still lie ahead of its position.
 */
export function connectionsOf(id: string, wish: ResumeWish | null): string {
  let name = id;
  for (const former of wish?.formerConnectionIds ?? []) {
    if (former === id) continue; // it has joined anew over the same connection
    if (name.length + former.length >= MAX_NAME_LENGTH) break;
    name += ` ${former}`;
  }
  return name;
}

const NO_ISSUES: readonly Issue[] = [];

function wishOf({ epoch, offset }: Position): ResumeWish {
  return { epoch, offset, last: 0, state: false, formerConnectionIds: [] };
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_NAME_LENGTH;
}

/** Whether something is a number of tabs. */
export function isTabs(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
