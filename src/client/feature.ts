/**
 * What a client can be given beyond the basics.
 *
 * @module
 */

import type { Forms } from "./own_events.ts";
import type { Channel } from "phoenix";
import type { AnswerMessage } from "../protocol/requests.ts";
import type { ListenOptions } from "./listeners.ts";
import { refused } from "./refused.ts";

/** Who is there. */
export interface PresencePart {
  /** A new channel of the published client, before it joins. */
  follow(channel: Channel): void;
  /** A join is answered: what was said before it is no part of what comes. */
  joined(): void;
}

/** The topic's state. */
export interface StatePart {
  /** The state; `undefined` until it is there. */
  readonly value: unknown;
  /** Whether there is a state that what follows can be added to. */
  readonly isKnown: boolean;
  /** What was missed does not come, or not all of it: a snapshot does. */
  overtaken(): void;
  /** Calls `then` when the state is there, or will not come. */
  whenKnown(then: () => void): void;
  /** Nobody waits for the state any more. */
  goOn(): void;
  /** A snapshot has come. */
  received(snapshot: unknown): void;
  /** An event has come; whether it has changed the state. */
  happened(event: string, raw: unknown, offset: number | null): boolean;
  /** An event was left out. */
  skipped(event: string): void;
}

/** Answers to what the server asks. */
export interface AnswersPart {
  /** From now on `handler` answers `event`. */
  set(event: string, handler: (payload: never) => unknown, options?: ListenOptions): () => void;
  /** The answer to a question; `null` to what is none. */
  answer(asked: unknown): Promise<AnswerMessage | null>;
}

/** What the features add to a membership. */
export interface Parts {
  readonly presence?: PresencePart;
  readonly state?: StatePart;
  readonly answers?: AnswersPart;
}

/** A token that is renewed. */
export interface RefreshPart {
  /** Brings what lets this client in; resolves with until when it lives. */
  refresh(token?: string): Promise<{ expiresAt: number | null }>;
}

/** What the features add to a connection. */
export interface LinkParts {
  readonly refresh?: RefreshPart;
}

/**
 * Something that a client or its channels can do, for the option `use` of `connect`: `withPresence`, `withState`,
 * `withAnswers`, `withRefresh`. A page pays for those alone that it names.
 */
export interface Feature {
  /** `withPresence`, … */
  readonly name: string;
  /** The forms of the engine's own events that it relies on. */
  readonly forms?: Forms;
  /**
   * Is called for each new membership of a topic.
   *
   * @internal
   */
  readonly equip?: (membership: never) => Parts;
  /**
   * Is called for each new connection of a client, once.
   *
   * @internal
   */
  readonly attach?: (link: never) => LinkParts;
}

/** A part of a membership, or of a connection. Throws `feature_missing` where the client was made without its feature. */
export function partOf<All extends object, Name extends keyof All & string>(
  { parts, topic = "a client" }: { readonly parts: All; readonly topic?: string },
  name: Name,
): NonNullable<All[Name]> {
  const part = parts[name];
  if (part !== undefined) return part as NonNullable<All[Name]>;
  const feature = `with${name[0].toUpperCase()}${name.slice(1)}`;
  throw refused("feature_missing", `have ${name} of ${topic}`, {
    accepted: `connect(url, { use: [${feature}] })`,
  });
}
