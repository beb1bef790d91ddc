/**
 * What a channel gets from the server.
 *
 * @module
 */

import type { Checked, Schema } from "../contract/mod.ts";
import { isBytes, validate } from "../contract/schema.ts";
import { BYTES_MEMBER } from "../protocol/textual.ts";
import type { Skipped } from "./client_events.ts";
import { InOrder, type Step } from "./in_order.ts";

/** Is told of what comes, in order. */
export interface InboxListener {
  /** An event of the contract: its payload as the schema made it, and as the wire has it. */
  event(event: string, payload: unknown, raw: unknown, offset: number | null): void;
  /** Something that the contract does not know. */
  skipped(skipped: Omit<Skipped, "topic">): void;
  /** A schema has failed. */
  failed(error: unknown, event: string): void;
}

/** Checks what comes, and hands it on in order, though a schema may take its time. */
export class Inbox {
  readonly #events: Readonly<Record<string, Schema>>;
  readonly #listener: InboxListener;
  readonly #steps = new InOrder();

  constructor(events: Readonly<Record<string, Schema>>, listener: InboxListener) {
    this.#events = events;
    this.#listener = listener;
  }

  /** Does something between what came before and what comes after. */
  then(step: Step): void {
    this.#steps.add(step);
  }

  /** Does something before all that waits. */
  first(step: Step): void {
    this.#steps.first(step);
  }

  /** A message of the server's. */
  receive(event: string, payload: unknown, offset: number | null): void {
    const schema = Object.hasOwn(this.#events, event) ? this.#events[event] : undefined;
    if (schema === undefined) {
      return this.#steps.add(() => this.#listener.skipped({ event, why: "unknown_event", issues: [] }));
    }
    this.#steps.add(() => {
      const take = (value: unknown): void =>
        this.#listener.event(event, value, isBytes(schema) ? value : payload, offset);
      return this.check(event, schema, payload, take);
    });
  }

  /**
   * Checks something; what the schema refuses is skipped: `skip` is told, the listener by default. A step of its own,
   * which never rejects.
   */
  check(
    event: string,
    schema: Schema,
    payload: unknown,
    take: (value: unknown) => void,
    skip: InboxListener["skipped"] = (skipped) => this.#listener.skipped(skipped),
  ): void | Promise<void> {
    const taken = (checked: Checked<unknown>): void => {
      if (checked.ok) take(checked.value);
      else skip({ event, why: "invalid_payload", issues: checked.issues });
    };
    const failed = (error: unknown): void => this.#listener.failed(error, event);
    try {
      const checked = validate(schema, isBytes(schema) ? bytesOf(payload) : payload);
      if (checked instanceof Promise) return checked.then(taken).catch(failed);
      taken(checked);
    } catch (error) {
      failed(error);
    }
  }
}

/** Bytes that came over long-poll are text. */
function bytesOf(payload: unknown): unknown {
  const { [BYTES_MEMBER]: base64 } = (payload ?? {}) as { readonly [BYTES_MEMBER]?: unknown };
  if (typeof base64 !== "string") return payload;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
