/**
 * The way between a tab and the hub that its messages go through.
 *
 * @module
 */

/** A way for messages: in order, none lost, until it is closed. A `MessagePort` is one. */
export interface TabPort {
  /** Takes what the other side has sent; set once. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  /** Sends. */
  postMessage(message: unknown): void;
  /** Nothing goes or comes any more. */
  close(): void;
}

/** What a tab says to the hub. */
export type TabMessage =
  /** Wants a connection. `lock`: the name of a lock that the tab holds as long as it lives; `null` if it has none. */
  | {
    readonly kind: "open";
    readonly url: string;
    readonly protocols: readonly string[];
    readonly lock: string | null;
  }
  /** A message for the server, as a client of its own would send it. */
  | { readonly kind: "send"; readonly data: string | ArrayBuffer }
  /** Wants no connection any more. */
  | { readonly kind: "close" };

/** What the hub says to a tab. */
export type HubMessage =
  /** There is a connection. */
  | { readonly kind: "opened" }
  /** Messages of the server, in order, as a client of its own would get them. */
  | { readonly kind: "messages"; readonly frames: readonly (string | Uint8Array<ArrayBuffer>)[] }
  /** There is no connection (any more). */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };
