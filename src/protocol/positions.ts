/**
 * Where a client stands in the histories of its topics. For browsers and other clients.
 *
 * @module
 */

/** A message as the `phoenix` client holds it. */
export interface ClientMessage {
  /** The join that this message belongs to; null or empty for a publication. */
  readonly join_ref: string | null;
  /** The message's own ref. */
  readonly ref: string | null;
  /** The topic. */
  readonly topic: string;
  /** The event. */
  readonly event: string;
  /** The payload: JSON, or an `ArrayBuffer`. */
  readonly payload: unknown;
}

/** A message on its way out: a heartbeat has no `join_ref`. */
export interface OutgoingMessage extends Omit<ClientMessage, "join_ref"> {
  /** The join that this message belongs to. */
  readonly join_ref?: string | null;
}

/** What {@link Positions.resume} can be told. */
export interface ResumeOptions {
  /**
   * How many of the newest publications are wanted where there is no position, or it cannot be gone on from. `"all"`:
   * where there is none, all that are kept.
   */
  readonly last?: number | "all";
  /** The topic's state is wanted, also where the position can be gone on from: the client has none to go on from. */
  readonly state?: boolean;
}

/** The part of a join's payload that says where the client was. */
export interface ResumeParams {
  /** Taken out by the server, before the topic's contract sees the payload. */
  readonly troupe?: ResumeRequest;
}

/** Where a client was, and what it wants. */
export interface ResumeRequest {
  /** The history that `offset` counts in. */
  readonly epoch?: string;
  /** Everything up to here has been seen. */
  readonly offset?: number;
  /** How many of the newest publications are wanted, if there is no position to go on from. */
  readonly last?: number;
  /** The topic's state is wanted, whatever becomes of the position. */
  readonly state?: boolean;
  /** The connection over which it was joined before: what that one was excepted from is not sent again. */
  readonly connection?: string;
}

/** The most topics whose offsets one socket holds; beyond, the one that was joined longest ago is forgotten. */
export const MAX_POSITIONS = 1_024;

/** The longest epoch, and the longest id of a connection, that a server takes, in characters. */
const MAX_NAME_LENGTH = 128;
/** The event that carries what a join's reply says of history and session, where the reply is no plain object. */
const GREETING_EVENT = "troupe:session";
/** The event that says that publications were left out. */
const MISSED_EVENT = "troupe:missed";

/** Where a topic's publications were delivered up to. */
export interface Standing {
  /** The history; `null`: the server has named none. */
  epoch: string | null;
  /** The offset of the last one; `null` if there was none. */
  offset: number | null;
  /** The connection over which it was joined. */
  connection: string | null;
}

/** A topic that this socket joined, or is joining. */
interface Membership {
  readonly joinRef: string | null | undefined;
  readonly standing: Standing;
  joined: boolean;
}

/** Is told of a message, and of its offset. */
export type Deliver = (message: ClientMessage, offset: number | null) => void;

/** The offsets of the topics that one socket has joined: each publication is delivered once, and none behind a gap is lost. */
export class Positions {
  readonly #memberships = new Map<string, Membership>();

  /** A message is sent: joins and leaves are what counts. */
  sent({ topic, event, join_ref: joinRef }: OutgoingMessage): void {
    const memberships = this.#memberships;
    const known = memberships.get(topic);
    if (event === "phx_join") {
      memberships.delete(topic);
      const standing = known?.standing ?? { epoch: null, offset: null, connection: null };
      memberships.set(topic, { joinRef, standing, joined: false });
      if (memberships.size > MAX_POSITIONS) memberships.delete(memberships.keys().next().value as string);
    } else if (event === "phx_leave" && known !== undefined && known.joinRef === joinRef) {
      if (known.joined) memberships.delete(topic);
      // A leave before the join was answered is the client's way to give up a join that it will repeat. If the answer
      // comes after all, the client does not read it: it says nothing of where the client is.
      else memberships.set(topic, { ...known, joinRef: undefined });
    }
  }

  /** A message has come: hands it on, unless it was delivered before. */
  deliver(message: ClientMessage, offset: unknown, callback: Deliver): void {
    const at = isOffset(offset) ? offset : null;
    const known = this.#memberships.get(message.topic);
    if (known === undefined) return callback(message, at);
    const { standing } = known;
    // What is published to an earlier join, e.g. one that was given up, says nothing of where this one begins.
    if (!known.joined && !message.join_ref) return;
    // What came before the connection broke may come again with the rest.
    if (at !== null && standing.epoch !== null && at <= (standing.offset ?? 0)) return;
    if (message.join_ref === known.joinRef) greeted(known, message);
    try {
      callback(message, at);
    } finally {
      // Also after a throw: the message was handed over, and a resume must not hand it over again.
      advance(standing, at);
      this.#delivered(known, message);
    }
  }

  /** Delivers each message, also if one before it throws; throws the first error in the end. */
  deliverAll(messages: readonly unknown[], deliver: (message: unknown) => void): void {
    const errors: unknown[] = [];
    for (const message of messages) {
      try {
        deliver(message);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Where the client stands in a topic; `undefined` if it is not joined over this socket. */
  standing(topic: string): Standing | undefined {
    return this.#memberships.get(topic)?.standing;
  }

  /** What goes into a join's payload, so that the server goes on where this client was. */
  resume(topic: string, { last, state }: ResumeOptions = {}): ResumeParams {
    const { epoch = null, offset = null, connection = null } = this.standing(topic) ?? {};
    const request: ResumeRequest = {
      ...(epoch !== null && offset !== null ? { epoch, offset } : last === "all" && { offset: 0 }),
      ...(typeof last === "number" && last > 0 && { last }),
      ...(state && { state }),
      ...(connection !== null && { connection }),
    };
    return Object.keys(request).length === 0 ? {} : { troupe: request };
  }

  #delivered(known: Membership, { topic, event, join_ref, payload }: ClientMessage): void {
    if (join_ref !== known.joinRef) return;
    if (event === "phx_close") this.#memberships.delete(topic);
    if (event === MISSED_EVENT) advance(known.standing, (payload as { to?: unknown } | null)?.to);
  }
}

/** Takes what the server says of the topic's history, so that whoever is told of the join finds it. */
function greeted(known: Membership, { event, ref, payload }: ClientMessage): void {
  if (event === GREETING_EVENT) return stand(known.standing, payload);
  if (event !== "phx_reply" || ref !== known.joinRef) return;
  const { status, response } = payload as { status?: unknown; response?: unknown };
  if (status !== "ok") return;
  known.joined = true;
  stand(known.standing, (response as { troupe?: unknown } | null)?.troupe);
}

/** Goes to where a join's reply says that the client is. */
function stand(standing: Standing, greeting: unknown): void {
  const { epoch, offset, connection, recovery } = (greeting ?? {}) as Readonly<Record<string, unknown>>;
  if (isResumeName(connection)) standing.connection = connection;
  if (!isResumeName(epoch) || !isOffset(offset)) return;
  // What was asked for, or the end of what is lost, lies behind what was delivered since, if anything was.
  if ((recovery === "recovered" || recovery === "partial") && epoch === standing.epoch) {
    return advance(standing, offset);
  }
  standing.epoch = epoch;
  standing.offset = offset;
}

function advance(standing: Standing, offset: unknown): void {
  if (isOffset(offset) && offset > (standing.offset ?? 0)) standing.offset = offset;
}

/** A longer one would be refused with the next join, again and again. */
function isResumeName(name: unknown): name is string {
  return typeof name === "string" && name.length <= MAX_NAME_LENGTH;
}

/** Whether something is the number of a publication, or of none: 0. What is none would be refused with the next join, again and again. */
export function isOffset(offset: unknown): offset is number {
  return Number.isSafeInteger(offset) && (offset as number) >= 0;
}
