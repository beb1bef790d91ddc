/**
 * The actor kernel on its own: behaviours, mailboxes, supervisors, and the system that runs them.
 *
 * @module
 */

export { actor, Behavior, stop } from "./behavior.ts";
export type {
  ActorDefinition,
  ActorTimer,
  Context,
  Receive,
  Reply,
  Signal,
  SpawnOptions,
} from "./behavior.ts";
export type { AskOptions } from "./ask.ts";
export { DEAD_LETTER_REASONS, DeadLetters } from "./dead_letters.ts";
export type {
  DeadLetter,
  DeadLetterReason,
  DeadLetterStream,
  DeadLetterStreamOptions,
} from "./dead_letters.ts";
export { DynamicSupervisor } from "./dynamic_supervisor.ts";
export type { DynamicSupervisorOptions, Spawner } from "./dynamic_supervisor.ts";
export type { Restart, Strategy } from "./family.ts";
export type { MailboxOptions, Overflow } from "./mailbox.ts";
export { Ref } from "./ref.ts";
export type { AnswerTo, Asks, Target } from "./ref.ts";
export type { Backoff, Intensity } from "./restarts.ts";
export { immediateTurns, Scheduler } from "./scheduler.ts";
export type { PhaseTask, Runnable, SchedulerOptions, Turns } from "./scheduler.ts";
export type { SlowReport } from "./slow_watch.ts";
export type { StopReason, Supervise, SupervisedChild, Supervision } from "./supervision.ts";
export { child, supervisor } from "./supervisor.ts";
export type { ChildSpec, SupervisorOptions } from "./supervisor.ts";
export { System } from "./system.ts";
export type { ShutdownOptions, SlowHandler, SystemOptions } from "./system.ts";
export { type Clock, systemClock, type TimerId } from "../base/clock.ts";
export { TroupeError, type TroupeErrorOptions } from "../base/errors.ts";
export { type ActorInfo, Counters } from "../base/inspect.ts";
export { type LogFields, type Logger, type LogLevel, silentLogger } from "../base/log.ts";
export { type Random, systemRandom } from "../base/random.ts";
