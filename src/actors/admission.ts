import type { Counters } from "../base/inspect.ts";
import { Ask } from "./ask.ts";
import {
  ConflatingMailbox,
  DEFAULT_MAILBOX_CAPACITY,
  type Mailbox,
  type MailboxOptions,
  type MailboxPool,
} from "./mailbox.ts";

/** Why a message is not in the mailbox, or not any more. */
export type Discarded = "stopped" | "overflow" | "overflow_oldest" | "conflated" | "stash_overflow";

/** Who takes what a mailbox has no place for. */
export interface AdmitHost {
  readonly kernel: { readonly counters: Counters };
  discard(reason: Discarded, message: unknown): void;
}

/** An empty mailbox of the kind that `options` ask for. */
export function openMailbox(options: MailboxOptions<never> | undefined, pool: MailboxPool): Mailbox {
  return typeof options?.overflow === "object" ? new ConflatingMailbox() : pool.take();
}

/**
 * Puts `message` into `box` under the overflow policy. `false`: refused, and the sender is to be told. What had to go
 * is discarded with its reason. `carried` messages wait elsewhere and count too.
 */
export function admit(
  box: Mailbox,
  carried: number,
  options: MailboxOptions<never> | undefined,
  message: unknown,
  host: AdmitHost,
): boolean {
  const capacity = options?.capacity ?? DEFAULT_MAILBOX_CAPACITY;
  if (box instanceof ConflatingMailbox) {
    const { conflate } = options!.overflow as { conflate: (message: never) => unknown };
    admitConflated(box, conflate, capacity, message, host);
    return true;
  }
  if (box.length + carried >= capacity) {
    if (options?.overflow !== "drop-oldest") {
      host.discard("overflow", message);
      return options?.overflow === "drop-newest";
    }
    host.discard("overflow_oldest", box.shift());
  }
  box.push(message);
  return true;
}

function admitConflated(
  box: ConflatingMailbox,
  conflate: (message: never) => unknown,
  capacity: number,
  message: unknown,
  host: AdmitHost,
): void {
  const key = keyOf(conflate, message, host);
  if (box.has(key)) return host.discard("conflated", box.put(key, message));
  if (box.length >= capacity) host.discard("overflow_oldest", box.shift());
  box.put(key, message);
}

/** The receiver's own function, called while somebody else sends: its fault must not become the sender's. */
function keyOf(conflate: (message: never) => unknown, message: unknown, host: AdmitHost): unknown {
  try {
    return conflate((message instanceof Ask ? message.message : message) as never);
  } catch {
    host.kernel.counters.add("mailboxes.key_failed");
    return {};
  }
}
