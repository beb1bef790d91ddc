import type { Values } from "../base/values.ts";

/** A request for a connection, as {@link Middleware.upgrade} sees it. */
export interface UpgradeRequest {
  /** The request. Its headers cannot be read any more once the connection is made. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** The address that it comes from, behind trusted proxies; empty if the server did not say. */
  readonly remoteAddress: string;
  /** The name of the transport that it asks for, e.g. `websocket`. */
  readonly transport: string;
  /** What it leaves with the connection: later steps, `authenticate`, handlers and the other hooks find it there. */
  readonly values: Values;
  /** Headers for the answer that grants the connection, e.g. `set-cookie`. */
  readonly responseHeaders: Headers;
}

/** Why a request becomes no connection: an answer in JSON. */
export interface UpgradeRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** A stable code in snake_case, a constant: the refusal is counted as `upgrades.refused.<reason>`. */
  readonly reason: string;
  /** What came, and what is accepted. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a step says of a request: nothing to go on, or the answer that ends it. */
export type UpgradeVerdict = UpgradeRefusal | Response | null | undefined | void;

/** A connection, as middleware sees it. */
export interface MiddlewareConnection {
  /** Who is on the other side. */
  readonly user: { readonly id: string };
  /** Its handshake. */
  readonly info: {
    /** Its id, unique in this process. */
    readonly id: string;
    /** The address that it comes from. */
    readonly remoteAddress: string;
    /** The URL of its handshake. */
    readonly url: URL;
    /** The headers of its handshake. */
    readonly headers: Headers;
    /** What was left with it. */
    readonly values: Values;
  };
}

/** What a client said, as middleware sees it. Heartbeats are not shown. */
export interface IncomingMessage {
  /** The topic; `null` on the connection of a raw component, whose messages have a `payload` alone. */
  readonly topic: string | null;
  /** The event: the client's own, or `phx_join` or `phx_leave`. */
  readonly event: string | null;
  /** The client's name for this message; `null` if it wants no reply. */
  readonly ref: string | null;
  /** Names the incarnation of the channel that is meant. */
  readonly joinRef: string | null;
  /** The payload, not checked yet: JSON, text or bytes. */
  readonly payload: unknown;
}

/** Ends the connection. */
export interface CloseVerdict {
  /** What this is. */
  readonly action: "close";
  /** A close code that can be sent (RFC 6455, section 7.4); another one becomes 1011. */
  readonly code: number;
  /** What the client is told: at most 123 bytes of UTF-8; longer ones are cut. */
  readonly reason: string;
}

/**
 * What a step says of a message: nothing to go on, or what is done instead. `drop`: as if it had never come. `reply`:
 * the client gets this answer, and no handler sees the message; on a raw connection, which knows no replies, a
 * response that is text or bytes is sent. `status` is `error` if left out.
 */
export type MessageVerdict =
  | CloseVerdict
  | { readonly action: "drop" }
  | { readonly action: "reply"; readonly status?: "ok" | "error"; readonly response: unknown }
  | null
  | undefined
  | void;

/** What a step says of a connection that has opened: nothing to go on, or its end. */
export type OpenVerdict = CloseVerdict | null | undefined | void;

/**
 * One step that every connection goes through. `upgrade`, `open` and `message` run in the order in which the steps were
 * given, and the first verdict ends the row; `close` runs in the opposite order, in all steps. A hook that answers at
 * once costs no promise; a promise holds up that request or that connection alone, and keeps the order of its messages.
 *
 * A throw or a rejection is counted (`middleware.failed`) and logged: `upgrade` answers status 500, `open` and
 * `message` close the connection with 1011, `close` goes on with the next step.
 *
 * @example
 * ```ts
 * import { App, type Middleware } from "@troupe/core";
 *
 * const readOnly: Middleware = {
 *   name: "read-only",
 *   upgrade: ({ url }) => url.searchParams.has("key") ? null : { status: 401, reason: "no_key" },
 *   message: (_connection, { event }) =>
 *     event === "write" ? { action: "reply", response: { reason: "read_only" } } : null,
 * };
 * await using app = new App({ middleware: [readOnly] });
 * ```
 */
export interface Middleware {
  /** Its name, for logs. */
  readonly name: string;
  /** A request asks for a connection; `authenticate` comes after. Hooks are called as methods. */
  upgrade?(upgrade: UpgradeRequest): UpgradeVerdict | Promise<UpgradeVerdict>;
  /** A connection has opened; nothing that its client says is heard before this settles. */
  open?(connection: MiddlewareConnection): OpenVerdict | Promise<OpenVerdict>;
  /** A message has come, decoded, and within the limits. */
  message?(
    connection: MiddlewareConnection,
    message: IncomingMessage,
  ): MessageVerdict | Promise<MessageVerdict>;
  /** A connection that was open has ended. */
  close?(connection: MiddlewareConnection, code: number, reason: string): void | Promise<void>;
}
