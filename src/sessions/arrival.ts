import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Output } from "./held_output.ts";

/** A client's join, its first or one that brings it back, until it is answered: what is said meanwhile goes behind. */
export class Arrival implements Output {
  readonly message: Inbound;
  #behind: Frame[] = NOTHING;

  constructor(message: Inbound) {
    this.message = message;
  }

  /** What the client names this incarnation by, in all that it sends. */
  get joinRef(): string {
    return this.message.joinRef ?? this.message.ref ?? "";
  }

  /** What goes out behind the answer, in the order in which it was said. */
  get behind(): readonly Frame[] {
    return this.#behind;
  }

  /** Keeps what is said before the answer. */
  write(frame: Frame): void {
    if (this.#behind === NOTHING) this.#behind = [frame];
    else this.#behind.push(frame);
  }

  /** The answer. Throws what the codec throws for a response that it cannot carry. */
  reply(codec: Codec, status: "ok" | "error", response: unknown): Frame {
    const { joinRef, ref, topic } = this.message;
    return codec.reply(joinRef, ref, topic, status, response);
  }
}

/** Most arrivals have nothing behind them. */
const NOTHING: Frame[] = [];
