import { phoenix } from "./wires/phoenix.ts";
import { raw } from "./wires/raw.ts";
import { socketIo } from "./wires/socket_io.ts";

/** What is sent, and what comes for it: texts with a sequence number in them. */
export interface Exchange {
  readonly sent: string;
  readonly expected: string;
}

/** How a client talks to a server. */
export interface Wire {
  readonly path: string;
  /** What it says first; `null`: nothing. */
  readonly hello: string | null;
  /** Whether it is the server that speaks first. If nobody says anything, the handshake is all. */
  readonly greets: boolean;
  /** What it answers to a message on its way in; `null`: with this message it is in. Throws if it is refused. */
  enter(text: string): string | null;
  /** What answers a ping, which is a frame of one byte; `null`: there are no pings. */
  readonly pong: string | null;
  /** A message that its sender alone gets back. */
  echo(text: string): Exchange;
  /** A message that everybody gets. */
  publish(text: string): Exchange;
  /** How many bytes a publication has behind `expected`. */
  readonly tail: number;
}

/** A wire, as JSON between two processes. */
export type WireSpec =
  | { readonly kind: "raw"; readonly path: string; readonly hello?: string }
  | { readonly kind: "phoenix"; readonly vsn: string; readonly topic: string }
  | { readonly kind: "socket.io" };

/** The wire that is meant. */
export function wireOf(spec: WireSpec): Wire {
  switch (spec.kind) {
    case "raw":
      return raw(spec.path, spec.hello);
    case "phoenix":
      return phoenix(spec.vsn, spec.topic);
    case "socket.io":
      return socketIo();
  }
}
