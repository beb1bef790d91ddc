import type { Frame } from "../protocol/frame.ts";
import { isLost, lose } from "./dedupe_window.ts";

/** Where output goes that waits for nothing. */
export interface Output {
  write(frame: Frame): void;
}

/**
 * What a frame is: news of its own (`push`), true whatever becomes of the barriers (`end`), or anything else. An answer to
 * a message that its client has named has what remembers that message: so have the answers to its repetitions, those
 * of another incarnation of the channel, too.
 */
export type HeldKind = "push" | "end" | "other" | object;

/** Who knows what a message is answered whose publications could not be stored. */
export interface Unstored {
  unstoredReply(ref: string): Frame;
}

/** A frame that waits. */
export interface Held {
  readonly frame: Frame;
  /** The barrier that it waits for, counted from 1. */
  readonly after: number;
  /** Of the message that it answers. */
  readonly ref: string | null;
  readonly kind: HeldKind;
}

/**
 * Keeps a channel's output in program order. What a channel says after a broadcast waits until that broadcast is
 * committed and has gone out; what it says before its join is answered waits for that answer.
 *
 * A *barrier* is something that the channel waits for, raised in order: each broadcast, and its own subscription. A
 * frame waits for all barriers that were raised before it.
 */
export class HeldOutput {
  #output: Output;
  readonly #channel: Unstored;
  #raised = 0;
  #passed = 0;
  #held: Held[] | null = null;

  constructor(output: Output, channel: Unstored) {
    this.#output = output;
    this.#channel = channel;
  }

  /** Whether anything waits. */
  get holds(): boolean {
    return this.#held !== null;
  }

  /** Whether a frame that is said now has to wait. */
  get blocked(): boolean {
    return this.#passed < this.#raised;
  }

  /** How many barriers have been raised, and passed. */
  get barriers(): { readonly raised: number; readonly passed: number } {
    return { raised: this.#raised, passed: this.#passed };
  }

  /** Something to wait for. */
  raise(): void {
    this.#raised++;
  }

  /** Takes the last {@link HeldOutput.raise} back; nothing was held since. */
  lower(): void {
    this.#raised--;
  }

  /** Keeps `frame` until all barriers that are up now have been passed. `ref`: of the message that it answers. */
  hold(frame: Frame, ref: string | null = null, kind: HeldKind = "other"): void {
    (this.#held ??= []).push({ frame, after: this.#raised, ref, kind });
  }

  /**
   * What the message `ref` has published is lost: its answer says so, if that waits here, and where it is named, those to
   * its repetitions.
   */
  lose(ref: string): boolean {
    const held = this.#held?.find((held) => held.ref === ref);
    if (held === undefined) return false;
    if (typeof held.kind === "object") lose(held.kind);
    else this.#held![this.#held!.indexOf(held)] = { ...held, frame: this.#channel.unstoredReply(ref) };
    return true;
  }

  /**
   * The oldest barrier is passed: what waited for it alone goes out, in order. Of a message that its client has named, it
   * is known by now whether it is stored.
   */
  pass(): void {
    if (this.#passed < this.#raised) this.#passed++;
    const held = this.#held;
    if (held === null) return;
    let count = 0;
    while (count < held.length && held[count].after <= this.#passed) {
      this.#output.write(this.#final(held[count++]));
    }
    this.#held = count === held.length ? null : held.slice(count);
  }

  #final({ frame, ref, kind }: Held): Frame {
    return ref !== null && typeof kind === "object" && isLost(kind)
      ? this.#channel.unstoredReply(ref)
      : frame;
  }

  /** From now on, output goes to `output`: what waits, too. */
  redirect(output: Output): void {
    this.#output = output;
  }

  /** Drops what waits, and gives it. What is said later waits as before. */
  drop(): readonly Held[] {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }

  /** Drops what waits for barriers that are never passed, but for what is true all the same. */
  giveUp(): void {
    const staying = this.#held?.filter(({ kind }) => kind === "end") ?? [];
    this.#held = staying.length > 0 ? staying : null;
  }

  /** There is nothing to wait for any more: everything goes out. */
  passAll(): void {
    while (this.blocked) this.pass();
  }
}
