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
