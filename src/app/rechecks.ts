import type { Clock, TimerId } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Random } from "../base/random.ts";
import { offer } from "../actors/inside.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import { type Deadline, NOT_KEPT } from "../sessions/deadline_heap.ts";
import { Deadlines } from "../sessions/deadlines.ts";
import type { Member, MembersObserver } from "../sessions/members.ts";
import { RECHECK } from "../sessions/recheck.ts";

/** What {@link Rechecks} need of their system. */
export interface RechecksPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly scheduler: Scheduler;
}

/** How many members are asked in a row before the event loop gets its turn. */
const ASKED_AT_A_TIME = 1_000;

class Appointment implements Deadline {
  heapIndex = NOT_KEPT;
  atMs: number;
  readonly member: Member;
  readonly everyMs: number;

  constructor(member: Member, everyMs: number, atMs: number) {
    this.member = member;
    this.everyMs = everyMs;
    this.atMs = atMs;
  }
}

/**
 * Asks channels whether their clients may still be members: on the schedule of their topic (`recheckMs`), or on demand.
 * The first time on schedule is drawn between half of it and all of it after the join, so that those who came together
 * are not asked together. One timer serves all; topics without a schedule cost nothing.
 */
export class Rechecks implements MembersObserver {
  readonly #ports: RechecksPorts;
  readonly #appointments = new Map<Member, Appointment>();
  readonly #deadlines: Deadlines<Appointment>;
  readonly #demanded: (readonly Member[])[] = [];
  /** How many of the first of those demanded were asked. */
  #asked = 0;
  #timer: TimerId | null = null;

  constructor(ports: RechecksPorts) {
    this.#ports = ports;
    // By the time that has passed: a schedule has nothing to do with the wall clock.
    const now = (): number => ports.clock.elapsedMs();
    this.#deadlines = new Deadlines(ports.clock, (appointment) => this.#meet(appointment), now);
  }

  added(member: Member): void {
    const everyMs = member.kind?.recheckMs ?? null;
    if (everyMs === null || this.#appointments.has(member)) return;
    const { clock, random } = this.#ports;
    const firstMs = everyMs * (0.5 + random.float() / 2);
    const appointment = new Appointment(member, everyMs, clock.elapsedMs() + firstMs);
    this.#appointments.set(member, appointment);
    this.#deadlines.add(appointment);
  }

  removed(member: Member): void {
    const appointment = this.#appointments.get(member);
    if (appointment === undefined) return;
    this.#appointments.delete(member);
    this.#deadlines.delete(appointment);
  }

  /** Asks all of `members`, some at a time. Returns how many have a `recheck` handler. */
  demand(members: readonly Member[]): number {
    const meant = members.filter(({ kind }) => kind?.recheck);
    if (meant.length > 0) {
      this.#demanded.push(meant);
      this.#timer ??= this.#ports.clock.setTimer(this.#askSome, 0);
    }
    return meant.length;
  }

  /** Asks nobody any more. */
  stop(): void {
    if (this.#timer !== null) this.#ports.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#demanded.length = 0;
  }

  #meet(appointment: Appointment): void {
    const { member, everyMs } = appointment;
    appointment.atMs = this.#ports.clock.elapsedMs() + everyMs;
    this.#deadlines.add(appointment);
    this.#ask(member);
    this.#ports.scheduler.drain();
  }

  readonly #askSome = (): void => {
    this.#timer = null;
    const [members] = this.#demanded;
    const end = Math.min(this.#asked + ASKED_AT_A_TIME, members.length);
    while (this.#asked < end) this.#ask(members[this.#asked++]);
    if (end === members.length) {
      this.#demanded.shift();
      this.#asked = 0;
    }
    this.#ports.scheduler.drain();
    if (this.#demanded.length > 0) this.#timer ??= this.#ports.clock.setTimer(this.#askSome, 0);
  };

  #ask(member: Member): void {
    // A full mailbox takes nothing more: the next time, then.
    this.#ports.counters.add(
      offer(member.address, RECHECK) ? "channels.rechecked" : "channels.recheck_skipped",
    );
  }
}
