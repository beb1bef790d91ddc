import type { KeptName, KeptRecipients } from "../topics/kept_for.ts";
import type { Publication } from "../topics/publication.ts";
import type { Subscriber } from "../topics/subscriber.ts";
import type { BroadcastOptions, ChannelIdentity, Recipient } from "./topic_handlers.ts";

/** Whether one subscriber gets a publication. */
export type Filter = (subscriber: Subscriber) => boolean;

/**
 * The filter that `options` ask for; `null` if everybody gets it. `self` is the subscriber that publishes: it is what a
 * handler's own `ctx` stands for.
 */
export function recipientFilter(
  options: BroadcastOptions | undefined,
  self: Subscriber | null,
): Filter | null {
  if (options === undefined) return null;
  const { except, only } = options;
  const excepted = list(except);
  const chosen = only === undefined ? null : list(only);
  if (excepted.length === 0 && chosen === null) return null;
  if (chosen === null && excepted.length === 1 && isSelf(excepted[0], self)) {
    return (subscriber) => subscriber !== self;
  }
  return (subscriber) =>
    !excepted.some((each) => matches(each, subscriber, self)) &&
    (chosen === null || chosen.some((each) => matches(each, subscriber, self)));
}

/**
 * Has `publication` kept by its topic's log, unless it is ephemeral, or is for single connections alone: those are gone
 * by the time that somebody asks for it.
 */
export function keep(publication: Publication, options: BroadcastOptions | undefined, atMs: number): void {
  if (options?.ephemeral) return;
  const { except, only } = options ?? {};
  const excepted = list(except).map(keptName);
  const chosen = only === undefined ? undefined : list(only).map(keptName);
  if (chosen?.some((name) => "connection" in name)) return;
  if (excepted.length === 0 && chosen === undefined) return publication.keep(atMs, null);
  const recipients: KeptRecipients = {
    ...(excepted.length > 0 && { except: excepted }),
    ...(chosen !== undefined && { only: chosen }),
  };
  publication.keep(atMs, JSON.stringify(recipients));
}

function keptName(named: Named): KeptName {
  if ("connectionId" in named) return { connection: named.connectionId };
  return "user" in named ? { user: named.user } : { connection: named.connection };
}

type Named = ChannelIdentity | Recipient;

function list<T extends Named>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

function isSelf(named: Named, self: Subscriber | null): boolean {
  return self !== null && "connectionId" in named && named.connectionId === self.connectionId;
}

function matches(named: Named, subscriber: Subscriber, self: Subscriber | null): boolean {
  // A context stands for its own channel: of the connection's incarnations in this topic, the one that publishes.
  if (isSelf(named, self)) return subscriber === self;
  if ("connectionId" in named) return subscriber.connectionId === named.connectionId;
  if ("user" in named) return subscriber.userId === named.user;
  return subscriber.connectionId === named.connection;
}
