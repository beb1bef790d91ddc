import { TroupeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { CLOSE_UNAUTHORIZED } from "../protocol/close_codes.ts";
import type { Connection } from "../sessions/connection.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
import type { ConnectionTable } from "../sessions/connections.ts";
import type { LeaveReason } from "../sessions/topic_handlers.ts";
import type { User } from "../sessions/user.ts";
import { type Authenticate, authenticate, NotAuthenticated } from "./authenticate.ts";
import type { Grant } from "./grant.ts";
import { Grants, type GrantsPorts } from "./grants.ts";
import type { Handshake, Limits } from "./options.ts";
import { RevokedTokens } from "./revoked_tokens.ts";
import { type PendingAnswers, RevokedUsers } from "./revoked_users.ts";

/** Whose authorization is taken back: a user's, a token's, or that of one connection. */
export type RevokeTarget =
  | { readonly user: string }
  | { readonly tokenId: string }
  | { readonly connection: string };

/** How `App.revoke` does it. */
export interface RevokeOptions {
  /**
   * Until when the token ids are refused, at the least: a date, or milliseconds since the Unix epoch. Default: until
   * their tokens expire, as far as that is known; else for `limits.revocationMs`.
   */
  until?: Date | number;
}

/** What an {@link Authority} needs of its app. */
export interface AuthorityPorts extends GrantsPorts {
  readonly logger: Logger;
  readonly connections: ConnectionTable;
  /** The connections whose handshake was accepted, and that are not open yet. */
  readonly openings: Iterable<Connection>;
  /** The sessions whose connection has dropped, and that wait for their client. */
  waiting(): readonly WaitingSession[];
}

/** A session that waits for its client to come back. */
export interface WaitingSession {
  readonly user: User;
  /** The handshake of its last connection. */
  readonly info: ConnectionInfo;
  /** Ends it. */
  end(reason: LeaveReason): void;
}

/** Says who somebody is, for how long, and takes it back. */
export class Authority {
  /** What the connections were let in with. */
  readonly grants: Grants;
  readonly #ports: AuthorityPorts;
  readonly #hook: Authenticate | null;
  readonly #limits: Required<Limits>;
  readonly #tokens: RevokedTokens;
  readonly #users = new RevokedUsers();

  /** `hook`: the application's `authenticate`; `null` for none. */
  constructor(ports: AuthorityPorts, hook: Authenticate | null, limits: Required<Limits>) {
    this.#ports = ports;
    this.#hook = hook;
    this.#limits = limits;
    this.grants = new Grants(ports, limits);
    this.#tokens = new RevokedTokens(ports.clock, ports.counters, limits);
  }

  /** Whether the application says who somebody is. Otherwise everybody is somebody new. */
  get asks(): boolean {
    return this.#hook !== null;
  }

  /** How many token ids are refused. */
  get revokedTokens(): number {
    return this.#tokens.size;
  }

  /** Somebody asks, and acts on the answer. Must end with {@link Authority.ended}. */
  began(): PendingAnswers {
    return this.#users.began();
  }

  /** The answer has been acted on, or never will be. */
  ended(pending: PendingAnswers): void {
    this.#users.ended(pending);
  }

  /** Whether an answer does not count any more, since its user or its token was revoked meanwhile, or before. */
  isRevoked({ user, tokenId, expiresAtMs }: Grant, pending: PendingAnswers): boolean {
    return this.#users.has(user.id, pending) ||
      (tokenId !== null && this.#tokens.has(tokenId, expiresAtMs));
  }

  /** Asks the application. It does not reject. */
  async ask(handshake: Handshake): Promise<Grant | Response | NotAuthenticated> {
    const { clock, logger } = this.#ports;
    const timeoutMs = this.#limits.authenticateTimeoutMs;
    return await authenticate(this.#hook!, handshake, { clock, logger, timeoutMs });
  }

  /**
   * Takes an authorization back: see `App.revoke`. Returns how many connections, and sessions without one, it ended.
   *
   * @throws {TroupeError} `bad_target` for what is no {@link RevokeTarget}, `invalid_options` for a bad `until`.
   */
  revoke(target: RevokeTarget, { until }: RevokeOptions = {}): number {
    const untilMs = checkUntil(until);
    const [kind, id] = checkTarget(target);
    const meant = new Set<Connection>(this.#meant(kind, id));
    const tokens = new Map<string, number | null>();
    if (kind === "tokenId") tokens.set(id, null);
    for (const connection of meant) {
      const grant = this.grants.of(connection);
      if (grant?.tokenId == null) continue;
      const known = tokens.get(grant.tokenId) ?? null;
      tokens.set(grant.tokenId, latest(known, grant.expiresAtMs));
    }
    for (const [tokenId, expiresAtMs] of tokens) {
      this.#tokens.add(tokenId, latest(expiresAtMs, untilMs));
      for (const connection of this.grants.ofToken(tokenId)) meant.add(connection);
    }
    if (kind === "user") this.#users.add(id);
    const { counters, scheduler } = this.#ports;
    for (const connection of meant) {
      counters.add("connections.revoked");
      connection.close(CLOSE_UNAUTHORIZED, "revoked");
    }
    const isMeant = ({ user, info }: WaitingSession): boolean =>
      (kind === "user" ? user.id : info.id) === id || tokens.has(this.grants.tokenOf(info) ?? "");
    const ended = new Set([...meant].map(({ info }) => info));
    for (const session of this.#ports.waiting()) {
      // The connection was closed just now, or has dropped before.
      if (!ended.has(session.info) && !isMeant(session)) continue;
      ended.add(session.info);
      session.end({ kind: "closed" });
    }
    scheduler.drain();
    return ended.size;
  }

  #meant(kind: keyof AnyTarget, id: string): Connection[] {
    const { connections, openings } = this.#ports;
    if (kind === "tokenId") return this.grants.ofToken(id);
    const open = kind === "user" ? connections.ofUser(id) : [connections.get(id)];
    const opening = [...openings].filter(({ user, info }) => (kind === "user" ? user.id : info.id) === id);
    return [...open, ...opening].filter((each) => each !== undefined);
  }
}

/** The answer to somebody whose user or token was revoked. */
export const REVOKED: NotAuthenticated = new NotAuthenticated(403, "authorization_revoked");

function latest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

type AnyTarget = { readonly user: string; readonly tokenId: string; readonly connection: string };

const KINDS: readonly string[] = ["user", "tokenId", "connection"];

function checkTarget(target: unknown): [kind: keyof AnyTarget, id: string] {
  if (typeof target === "object" && target !== null) {
    const entries = Object.entries(target);
    const [[kind, id] = []] = entries;
    if (entries.length === 1 && KINDS.includes(kind!) && typeof id === "string") {
      return [kind as keyof AnyTarget, id];
    }
  }
  const accepted = "{ user: id }, { tokenId: id } and { connection: id }";
  throw new TroupeError("bad_target", `Cannot tell what to revoke: accepted are ${accepted}`, {
    details: { accepted },
  });
}

function checkUntil(until: unknown): number | null {
  if (until === undefined) return null;
  const ms = until instanceof Date ? until.getTime() : until;
  if (typeof ms === "number" && Number.isFinite(ms)) return ms;
  throw new TroupeError(
    "invalid_options",
    "Cannot use the options of app.revoke: at until: expected a Date or milliseconds since the Unix epoch",
    { details: { taker: "app.revoke", at: "until" } },
  );
}
