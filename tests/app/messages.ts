/** How tests of this layer read what a client of version 2.1.0 gets. */

import type { FakeConnection } from "../../src/testing/mod.ts";

/** A text message of version 2.1.0. */
export type Message = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
  offset?: number,
];

/** What has come since the last look, batches taken apart. Binary messages are left out. */
export function messagesOf(client: FakeConnection): Message[] {
  return client.take().flatMap((data) => {
    if (typeof data !== "string") return [];
    const value = JSON.parse(data);
    return Array.isArray(value[0]) ? value : [value];
  });
}

/** The payloads of an event among {@link messagesOf}. */
export function payloadsOf(client: FakeConnection, event: string): unknown[] {
  return messagesOf(client).filter((message) => message[3] === event).map((message) => message[4]);
}

/** What a reply responds. */
export function responseOf<T>([, , , , payload]: Message): T {
  return (payload as { response: T }).response;
}

/** A join. */
export function joinFrame(topic: string, payload: object = {}, ref = "1"): string {
  return JSON.stringify([ref, ref, topic, "phx_join", payload]);
}
