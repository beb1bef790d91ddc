import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { User } from "./user.ts";

/**
 * The topic of what client and server tell each other about the connection itself. Nobody joins it; events of ours
 * begin with `troupe:`.
 */
export const CONTROL_TOPIC = "troupe";

/** A session, as the handlers of control messages see it. */
export interface ControlledSession {
  /** Who is on the other side. A refresh sets it. */
  user: User;
  /** How often its user was authorized. A refresh counts. */
  authorizations: number;
  /** The handshake of its connection. */
  readonly info: ConnectionInfo;
  /** The one that its connection is attached to now, which is another one if the client has claimed that meanwhile. */
  readonly current: ControlledSession;
  /** Sends a reply. */
  reply(joinRef: string | null, ref: string | null, topic: string, status: string, response: unknown): void;
}

/** Takes the messages that clients send on {@link CONTROL_TOPIC}. */
export interface Control {
  /** Takes one. MUST NOT throw. */
  receive(message: Inbound, session: ControlledSession): void;
}

/** Handles one event of the control topic. It answers by {@link ControlledSession.reply}, now or later. */
export type ControlHandler = (message: Inbound, session: ControlledSession) => void;

/** Leads control messages to their handlers. What has none is answered `unknown_event`. */
export class ControlTopic implements Control {
  readonly #handlers = new Map<string, ControlHandler>();

  /** Handles `event` from now on. */
  on(event: string, handler: ControlHandler): void {
    this.#handlers.set(event, handler);
  }

  receive(message: Inbound, session: ControlledSession): void {
    const { event, joinRef, ref } = message;
    const handler = this.#handlers.get(event);
    if (handler !== undefined) return handler(message, session);
    if (event === "phx_leave") return session.reply(joinRef, ref, CONTROL_TOPIC, "ok", {});
    const reason = event === "phx_join" ? "reserved_topic" : "unknown_event";
    const accepted = [...this.#handlers.keys()];
    session.reply(joinRef, ref, CONTROL_TOPIC, "error", { reason, event, accepted });
  }
}

/** A message of the server's about the connection: it belongs to no channel. */
export function controlPush(codec: Codec, event: string, payload: unknown): Frame {
  return codec.publication(CONTROL_TOPIC, event, payload, null);
}
