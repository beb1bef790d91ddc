import { type Codec, type Inbound, MalformedMessage } from "../protocol/codec.ts";
import { CLOSE_MALFORMED } from "../protocol/close_codes.ts";
import type { WireData } from "../protocol/frame.ts";
import type { Connection, Interpreter } from "./connection.ts";
import type { Session } from "./session.ts";

/** Makes sense of a connection that speaks a channel protocol: decodes, and hands each message to the session. */
export class ChannelInterpreter implements Interpreter {
  readonly #session: Session;
  readonly #codec: Codec;
  #connection: Connection | null = null;
  readonly #sink = (message: Inbound): void => this.#session.receive(message);

  constructor(session: Session) {
    this.#session = session;
    this.#codec = session.codec;
  }

  opened(connection: Connection): void {
    this.#connection = connection;
    this.#session.attach(connection);
  }

  received(data: WireData): void {
    try {
      this.#codec.decode(data, this.#sink);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#session.ports.counters.add("connections.malformed");
      this.#connection!.close(CLOSE_MALFORMED, error.message);
    }
  }

  handle(): void {}

  closed(): void {
    this.#session.detach({ kind: this.#session.ports.isEnding() ? "shutdown" : "closed" });
  }
}
