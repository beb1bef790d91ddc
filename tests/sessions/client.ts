/** A Phoenix client on a connection without a network, for the tests of this layer. */

import type { AppKit, FakeConnection } from "../../src/testing/mod.ts";

/** A message of the wire, version 2: `[join_ref, ref, topic, event, payload]`. */
export type Message = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
];

/** What a reply's payload holds. */
export interface Reply {
  readonly status: string;
  readonly response: Record<string, unknown>;
}

/** Connects to `path` and speaks the channel protocol. */
export async function connect(
  kit: AppKit,
  path = "/socket/websocket?vsn=2.0.0",
  headers: HeadersInit = {},
): Promise<Client> {
  return new Client(await kit.connect(path, headers));
}

/** One client: numbers its messages, remembers the join_ref of each topic, decodes what arrives. */
export class Client {
  readonly connection: FakeConnection;
  readonly #joinRefs = new Map<string, string>();
  #lastRef: number;

  /** `lastRef`: where its numbers begin, for a test that tells connections apart by them. */
  constructor(connection: FakeConnection, lastRef = 0) {
    this.connection = connection;
    this.#lastRef = lastRef;
  }

  /** How the server closed the connection. */
  get closed(): { readonly code: number; readonly reason: string } | null {
    return this.connection.closed;
  }

  /** Sends a join; gives its ref, which is its join_ref too. */
  join(topic: string, payload: unknown = {}): string {
    return this.#send(this.joinMessage(topic, payload));
  }

  /** Sends an event; gives its ref. */
  push(topic: string, event: string, payload: unknown = {}): string {
    return this.#send(this.message(topic, event, payload));
  }

  /** Sends a leave; gives its ref. */
  leave(topic: string): string {
    return this.push(topic, "phx_leave");
  }

  /** A message that is not sent yet, e.g. for a batch. */
  message(topic: string, event: string, payload: unknown = {}): Message {
    return [this.#joinRefs.get(topic) ?? null, String(++this.#lastRef), topic, event, payload];
  }

  /** A join that is not sent yet. */
  joinMessage(topic: string, payload: unknown = {}): Message {
    const ref = String(++this.#lastRef);
    this.#joinRefs.set(topic, ref);
    return [ref, ref, topic, "phx_join", payload];
  }

  /** Sends several messages in one frame (version 2.1.0). */
  batch(...messages: Message[]): void {
    this.connection.send(JSON.stringify(messages));
  }

  /** Sends text as it is. */
  raw(text: string): void {
    this.connection.send(text);
  }

  /** The text messages that have arrived since the last call; batches are taken apart. */
  take(): Message[] {
    return this.connection.take().flatMap((data) => typeof data === "string" ? decode(data) : []);
  }

  /** The same in short: `event`, or `status:ref` for a reply. */
  takeBrief(): string[] {
    return this.take().map(brief);
  }

  #send(message: Message): string {
    this.connection.send(JSON.stringify(message));
    return message[1]!;
  }
}

/** The messages of one text frame. */
export function decode(text: string): Message[] {
  const value = JSON.parse(text);
  return Array.isArray(value[0]) ? value : [value];
}

/** `status:ref` for a reply, else the event. */
export function brief([, ref, , event, payload]: Message): string {
  return event === "phx_reply" ? `${(payload as Reply).status}:${ref}` : event;
}

/** The response of the reply to `ref` among `messages`. */
export function replyTo(messages: readonly Message[], ref: string): Reply {
  const found = messages.find((message) => message[3] === "phx_reply" && message[1] === ref);
  if (found === undefined) throw new Error(`no reply to ${ref} in ${JSON.stringify(messages)}`);
  return found[4] as Reply;
}

/** A promise that the test settles. */
export function gate<T = void>(): {
  promise: Promise<T>;
  open: (value: T) => void;
  fail: (error: unknown) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return { promise, open: resolve, fail: reject };
}
