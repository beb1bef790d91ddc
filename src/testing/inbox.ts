import { TroupeError } from "../base/errors.ts";
import type { VirtualTime, WaitOptions } from "./virtual_time.ts";

/**
 * A message that a test's client has received.
 *
 * @typeParam Payload What it carries.
 */
export interface Received<Payload = unknown> {
  /** The event. */
  readonly event: string;
  /** The payload: what JSON can say, or a `Uint8Array`. */
  readonly payload: Payload;
  /** Its number in the topic's history; `null` for what has none. */
  readonly offset: number | null;
}

/** How much of a payload an error shows, in UTF-16 code units. */
const SHOWN_LENGTH = 200;
/** How many messages an error shows. */
const SHOWN_MESSAGES = 20;

/** Whether an event is the engine's own, and none of the application's. */
function isEngines(event: string): boolean {
  return /^(phx_|presence_(state|diff)$|troupe:)/.test(event);
}

/** What has come and was not looked at yet: of one channel, or of a connection. */
export class Inbox {
  readonly #whose: string;
  readonly #time: VirtualTime;
  /** Adds to an error what else may explain it. */
  readonly #explain: () => string;
  readonly #taken = new Map<string, number>();
  #messages: Received[] = [];

  constructor(whose: string, time: VirtualTime, explain: () => string) {
    this.#whose = whose;
    this.#time = time;
    this.#explain = explain;
  }

  /** Something has come. */
  add(message: Received): void {
    this.#messages.push(message);
  }

  /**
   * Takes all messages of `event`, oldest first; without an event, all of the application's own.
   */
  take(event?: string): Received[] {
    const isMeant = (each: Received): boolean => {
      return event === undefined ? !isEngines(each.event) : each.event === event;
    };
    const taken = this.#messages.filter(isMeant);
    this.#messages = this.#messages.filter((each) => !isMeant(each));
    for (const each of taken) this.#count(each.event);
    return taken;
  }

  /** Takes the oldest message of `event`, once it is there. Throws `nothing_came`. */
  async next(event: string, options: WaitOptions): Promise<Received> {
    const at = (): number => this.#messages.findIndex((each) => each.event === event);
    if (at() < 0 && !await this.#time.waitFor(() => at() >= 0, options)) {
      throw this.#nothingCame(event, options);
    }
    const [message] = this.#messages.splice(at(), 1);
    this.#count(event);
    return message;
  }

  #count(event: string): void {
    this.#taken.set(event, (this.#taken.get(event) ?? 0) + 1);
  }

  #nothingCame(event: string, { withinMs = 0 }: WaitOptions): TroupeError {
    const came = this.#messages.map((each) => `${each.event} ${shown(each.payload)}`);
    const more = came.length - SHOWN_MESSAGES;
    if (more > 0) came.splice(0, more, `(${more} more)`);
    const taken = [...this.#taken].map(([name, count]) => `${count} × ${name}`);
    const when = withinMs === 0 ? "at this instant" : `within ${withinMs} ms of virtual time`;
    const { nextDueMs } = this.#time.clock;
    const dueInMs = nextDueMs === null ? null : nextDueMs - this.#time.clock.elapsedMs();
    return new TroupeError(
      "nothing_came",
      `${this.#whose}: no ${event} came ${when}. ` +
        `What came and was not taken: ${came.join(", ") || "nothing"}. ` +
        `Taken before: ${taken.join(", ") || "nothing"}. ${this.#explain()}` +
        (dueInMs === null
          ? "No timer waits"
          : `The next timer is due in ${dueInMs} ms: { withinMs } lets time pass`),
      { details: { event, came: [...this.#messages], taken: Object.fromEntries(this.#taken), dueInMs } },
    );
  }
}

/** A payload in an error's message. */
export function shown(payload: unknown): string {
  if (payload instanceof Uint8Array) return `${payload.byteLength} bytes`;
  const text = JSON.stringify(payload) ?? String(payload);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
