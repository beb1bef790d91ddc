import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { MailboxPool } from "./mailbox.ts";
import type { NameRegistry } from "./name_registry.ts";
import type { Scheduler } from "./scheduler.ts";

/** What every actor of a system shares. */
export interface Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  readonly deadLetters: DeadLetters;
  readonly counters: Counters;
  readonly names: NameRegistry;
  readonly mailboxes: MailboxPool;
  /** `clock.elapsedMs()` when the system started: uptimes are kept relative to it. */
  readonly startedMs: number;
  /** How many actors were started, and how many of them have ended. */
  started: number;
  ended: number;
  /** A fresh number, for paths. */
  nextId(): number;
}
