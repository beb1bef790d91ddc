import type { Frame } from "../protocol/frame.ts";

/** Where output goes that waits for nothing. */
export interface Output {
  write(frame: Frame): void;
}

/**
 * What a frame is: news of its own (`push`), true whatever becomes of the barriers (`end`), or anything else. An answer to
 * a message that its client has named has what remembers that message: so have the answers to its repetitions.
 */
export type HeldKind = "push" | "end" | "other" | object;

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
  #raised = 0;
  #passed = 0;
  #held: Held[] | null = null;

  constructor(output: Output) {
    this.#output = output;
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
   * Puts another frame in the place of the answer to the message `ref`, and to its repetitions where it is named, if that
   * waits here.
   */
  replace(ref: string, frameFor: (ref: string) => Frame): boolean {
    const held = this.#held?.find((held) => held.ref === ref);
    if (held === undefined) return false;
    if (typeof held.kind === "object") this.replaceAll(held.kind, frameFor);
    else this.#held![this.#held!.indexOf(held)] = { ...held, frame: frameFor(ref) };
    return true;
  }

  /** The same for all answers to the message that is remembered by `named`. */
  replaceAll(named: object, frameFor: (ref: string) => Frame): void {
    this.#held?.forEach((held, at, all) => {
      if (held.kind === named && held.ref !== null) all[at] = { ...held, frame: frameFor(held.ref) };
    });
  }

  /** The oldest barrier is passed: what waited for it alone goes out, in order. */
  pass(): void {
    if (this.#passed < this.#raised) this.#passed++;
    const held = this.#held;
    if (held === null) return;
    let count = 0;
    while (count < held.length && held[count].after <= this.#passed) this.#output.write(held[count++].frame);
    this.#held = count === held.length ? null : held.slice(count);
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
