import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Issue } from "../contract/schema.ts";
import type { ResumeWish } from "../topics/recovery.ts";
import type { Output } from "./held_output.ts";
import { readResume } from "./resume_wish.ts";

/** What is said before a join is answered. */
export interface Behind {
  readonly frame: Frame;
  /** Of the message that it answers. */
  readonly ref: string | null;
  /** What remembers that message, where its client has named it. */
  readonly kind: "push" | object;
}

/** A client's join, its first or one that brings it back, until it is answered: what is said meanwhile goes behind. */
export class Arrival implements Output {
  readonly message: Inbound;
  /** What the client has seen of the topic; `null`: it does not say. */
  readonly wish: ResumeWish | null;
  /** How many tabs the client is, which share the membership. */
  readonly tabs: number;
  /** What is wrong with what it says of that. */
  readonly issues: readonly Issue[];
  #behind: Behind[] = NOTHING;

  constructor(join: Inbound) {
    const { message, wish, tabs, issues } = readResume(join);
    this.message = message;
    this.wish = wish;
    this.tabs = tabs;
    this.issues = issues;
  }

  /** What the client names this incarnation by, in all that it sends. */
  get joinRef(): string {
    return this.message.joinRef ?? this.message.ref ?? "";
  }

  /** What goes out behind the answer, in the order in which it was said. */
  get behind(): readonly Behind[] {
    return this.#behind;
  }

  /** Keeps what is said before the answer. `ref`, `kind`: as of {@link Behind}. */
  write(frame: Frame, ref: string | null = null, kind: Behind["kind"] = "push"): void {
    const said = { frame, ref, kind };
    if (this.#behind === NOTHING) this.#behind = [said];
    else this.#behind.push(said);
  }

  /** The answer. Throws what the codec throws for a response that it cannot carry. */
  reply(codec: Codec, status: "ok" | "error", response: unknown): Frame {
    const { joinRef, ref, topic } = this.message;
    return codec.reply(joinRef, ref, topic, status, response);
  }
}

/** Most arrivals have nothing behind them. */
const NOTHING: Behind[] = [];
