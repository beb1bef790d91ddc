import type { Connection } from "./connection.ts";

/** What is done with a message instead of handling it; nothing for nothing. See `Middleware`, which this is a part of. */
export type MessageVerdict =
  | { readonly action: "close"; readonly code: number; readonly reason: string }
  | { readonly action: "drop" }
  | { readonly action: "reply"; readonly status?: "ok" | "error"; readonly response: unknown }
  | null
  | undefined
  | void;

/** What is done with a connection that has opened: nothing, or its end. */
export type OpenVerdict =
  | { readonly action: "close"; readonly code: number; readonly reason: string }
  | null
  | undefined
  | void;

/** A message, as hooks see it. A raw one has a payload alone. */
export interface HookedMessage {
  readonly topic: string | null;
  readonly event: string | null;
  readonly ref: string | null;
  readonly joinRef: string | null;
  readonly payload: unknown;
}

/** What an application puts in front of its connections. None of it throws or rejects. */
export interface ConnectionHooks {
  /** Whether any of them looks at messages, now. */
  readonly readsMessages: boolean;
  /** A connection has opened. */
  open(connection: Connection): OpenVerdict | Promise<OpenVerdict>;
  /** It has got a message. */
  message(connection: Connection, message: HookedMessage): MessageVerdict | Promise<MessageVerdict>;
  /** It has ended. */
  close(connection: Connection, code: number, reason: string): void | Promise<void>;
}
