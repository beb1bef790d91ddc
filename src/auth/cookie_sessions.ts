import { setCookie } from "@std/http/cookie";
import { type Clock, systemClock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { Counters } from "../base/inspect.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Signer } from "../base/signer.ts";
import { ValueKey } from "../base/values.ts";
import { cookiesOf } from "../http/credentials.ts";
import type { Middleware } from "../http/middleware.ts";
import type { OriginCheck } from "../http/origin.ts";
import {
  atLeastASecond,
  type CookieForm,
  cookieForm,
  cookieOrigins,
  type CookieSessionsOptions,
  cookieSigner,
} from "./cookie_options.ts";
import { MemorySessionStore } from "./memory_store.ts";
import type { SessionStore, StoredSession } from "./store.ts";

/** Who is logged in, as a request's cookie says. */
export interface CookieSession {
  /** Its id: to revoke by, never to be sent anywhere. */
  readonly id: string;
  /** Whose it is. */
  readonly userId: string;
  /** What was kept with it. */
  readonly data: unknown;
  /** When it was issued, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** From when on it is not valid, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** A user who is known by a cookie session alone. */
export interface CookieUser {
  /** The session's `userId`. */
  readonly id: string;
}

/** What a good session comes to. `authenticate` can answer it as it is. */
export interface CookieIdentity<U> {
  /** Who it is. */
  readonly user: U;
  /** From when on the session is not valid, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** The session's id. */
  readonly tokenId: string;
}

/** Tells who a session stands for; `null` for nobody any more. */
export type CookieUserHook<U> = (session: CookieSession) => U | null | Promise<U | null>;

/** What goes with a new session. */
export interface IssueOptions {
  /** What is kept with it: anything that JSON can say. Default: `null`. */
  data?: unknown;
}

/** Where the session is that a connection's upgrade came with: `ctx.connection.values.get(COOKIE_SESSION)`. */
export const COOKIE_SESSION: ValueKey<CookieSession> = new ValueKey("cookie session");

/** What keeps the signature of our cookies from being used for anything else. */
const PURPOSE = "cookie_session";

/**
 * Sessions in signed cookies: {@link cookieSessions} makes it. The cookie holds the id alone, signed; who it is and
 * what goes with it stays in the store.
 */
export class CookieSessions<U extends { readonly id: string } = CookieUser> {
  /** What became of sessions: `cookie_sessions.issued`, `.refreshed`, `.destroyed`, and `.refused.<reason>`. */
  readonly counters: Counters;
  /**
   * Who it is, by the cookie; `null` for nobody. An own, bound property: it can stand as `authenticate` itself.
   *
   * @throws What the store and the `user` hook throw.
   */
  readonly authenticate: (handshake: { readonly request: Request }) => Promise<CookieIdentity<U> | null>;
  readonly #form: CookieForm;
  readonly #signer: Signer;
  readonly #store: SessionStore;
  readonly #allows: OriginCheck;
  readonly #ttlMs: number;
  readonly #maxLifetimeMs: number;
  readonly #maxDataLength: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #user: CookieUserHook<U>;

  /** For {@link cookieSessions}. */
  constructor(options: CookieSessionsOptions, user: CookieUserHook<U>) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.counters = options.counters ?? new Counters();
    this.#form = cookieForm(options.cookie);
    this.#signer = cookieSigner(options);
    this.#store = options.store ?? new MemorySessionStore({ clock: this.#clock, counters: this.counters });
    this.#allows = cookieOrigins(options.origin);
    this.#ttlMs = atLeastASecond("ttlMs", options.ttlMs ?? 86_400_000);
    this.#maxLifetimeMs = atLeastASecond("maxLifetimeMs", options.maxLifetimeMs ?? 2_592_000_000);
    this.#maxDataLength = options.maxDataLength ?? 4_096;
    this.#user = user;
    this.authenticate = ({ request }) => this.#identify(request);
  }

  /**
   * A login: makes a session of a new id, and sets its cookie. The session that the request came with is ended, so that
   * an id which somebody else has planted is worth nothing.
   *
   * @param headers The response's headers: `Set-Cookie` is added.
   * @param request The request that logs in.
   * @param userId Who has logged in.
   * @throws {TroupeError} `session_too_large`, `invalid_session_data`; what the store throws.
   */
  async issue(
    headers: Headers,
    request: Request,
    userId: string,
    options: IssueOptions = {},
  ): Promise<CookieSession> {
    const data = this.#text(options.data ?? null);
    const before = this.#idIn(request);
    if (before !== null) await this.#store.delete(before);
    const id = this.#random.uuid();
    const nowMs = this.#clock.now();
    const stored = { userId, data, createdAtMs: nowMs, expiresAtMs: this.#endOf(nowMs, nowMs) };
    await this.#store.create(id, stored);
    this.counters.add("cookie_sessions.issued");
    this.#set(headers, id, stored.expiresAtMs);
    return session(id, stored);
  }

  /**
   * The session of a request; `null` without a cookie, or with one that is not ours, of a session that is over, or sent
   * by another site's page.
   *
   * @throws What the store throws.
   */
  async read(request: Request): Promise<CookieSession | null> {
    const id = this.#idIn(request);
    if (id === null) return null;
    if (!this.#allows(request)) return this.#refuse("origin");
    const stored = await this.#store.get(id);
    if (stored === null) return this.#refuse("unknown");
    return stored.expiresAtMs > this.#clock.now() ? session(id, stored) : this.#refuse("expired");
  }

  /**
   * Makes the session of a request last for another `ttlMs` (up to `maxLifetimeMs` since the login), and sets its
   * cookie anew. `null` if there is none.
   *
   * @param change With `data`, replaces what is kept with the session.
   * @throws {TroupeError} `session_too_large`, `invalid_session_data`; what the store throws.
   */
  async refresh(
    headers: Headers,
    request: Request,
    change: IssueOptions = {},
  ): Promise<CookieSession | null> {
    const before = await this.read(request);
    if (before === null) return null;
    const { id, userId, createdAtMs } = before;
    const data = this.#text("data" in change ? change.data : before.data);
    const stored = { userId, data, createdAtMs, expiresAtMs: this.#endOf(createdAtMs, this.#clock.now()) };
    if (!await this.#store.replace(id, stored)) return this.#refuse("unknown");
    this.counters.add("cookie_sessions.refreshed");
    this.#set(headers, id, stored.expiresAtMs);
    return session(id, stored);
  }

  /**
   * A logout: ends the session of a request, and takes its cookie back. Connections that are open stay, unless they are
   * ended by the id that it answers (`app.revoke({ tokenId })`).
   *
   * @returns The id; `null` if there was no session.
   * @throws What the store throws.
   */
  async destroy(headers: Headers, request: Request): Promise<string | null> {
    const id = this.#idIn(request);
    this.#set(headers, null, 0);
    if (id === null) return null;
    await this.#store.delete(id);
    this.counters.add("cookie_sessions.destroyed");
    return id;
  }

  /**
   * Ends all sessions of a user, e.g. after a change of the password.
   *
   * @returns Their ids.
   * @throws What the store throws.
   */
  async destroyAll(userId: string): Promise<readonly string[]> {
    const ids = await this.#store.deleteOfUser(userId);
    this.counters.add("cookie_sessions.destroyed", ids.length);
    return ids;
  }

  /**
   * Leaves a connection's session with it, under {@link COOKIE_SESSION}, and refreshes the session when half of its
   * time is over. It lets everybody pass: who may connect is for `authenticate` to say.
   */
  middleware(): Middleware {
    return {
      name: "cookie-sessions",
      upgrade: async ({ request, values, responseHeaders }) => {
        const found = await this.read(request);
        if (found === null) return;
        const isFresh = found.expiresAtMs - this.#clock.now() > this.#ttlMs / 2;
        values.set(COOKIE_SESSION, isFresh ? found : await this.refresh(responseHeaders, request) ?? found);
      },
    };
  }

  async #identify(request: Request): Promise<CookieIdentity<U> | null> {
    const found = await this.read(request);
    if (found === null) return null;
    const user = await this.#user(found);
    return user === null ? this.#refuse("user") : { user, expiresAt: found.expiresAtMs, tokenId: found.id };
  }

  #idIn(request: Request): string | null {
    const signed = cookiesOf(request)[this.#form.name];
    if (signed === undefined || signed === "") return null;
    return this.#signer.open(PURPOSE, signed) ?? this.#refuse("forged");
  }

  #refuse(reason: "forged" | "origin" | "unknown" | "expired" | "user"): null {
    this.counters.add(`cookie_sessions.refused.${reason}`);
    return null;
  }

  #endOf(createdAtMs: number, nowMs: number): number {
    return Math.min(nowMs + this.#ttlMs, createdAtMs + this.#maxLifetimeMs);
  }

  #text(data: unknown): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(data);
    } catch {
      // A cycle, or a BigInt: told below.
    }
    if (text === undefined) {
      throw new TroupeError(
        "invalid_session_data",
        "Cannot keep this with a session: accepted is what JSON can say",
      );
    }
    if (text.length <= this.#maxDataLength) return text;
    throw new TroupeError(
      "session_too_large",
      `Cannot keep ${text.length} characters with a session: accepted are ${this.#maxDataLength}`,
      { details: { length: text.length, maxLength: this.#maxDataLength } },
    );
  }

  #set(headers: Headers, id: string | null, expiresAtMs: number): void {
    const maxAge = Math.max(Math.ceil((expiresAtMs - this.#clock.now()) / 1_000), 0);
    const value = id === null ? "" : this.#signer.sign(PURPOSE, id);
    setCookie(headers, { ...this.#form, value, maxAge, httpOnly: true });
  }
}

/**
 * Keeps who is logged in, in signed cookies, for pages and their connections alike.
 *
 * The cookie is `HttpOnly`, `Secure` and `SameSite=Lax` unless it is told otherwise, and holds nothing but an id. A
 * login gets a new id. Since a browser sends cookies along whoever made the page, a connection that another site's page
 * opens is nobody's.
 *
 * @param options How sessions are signed, kept and bounded. `user` makes the user of a good session.
 * @throws {TroupeError} `invalid_options`, `bad_secret`, `bad_origin`.
 *
 * @example
 * ```ts
 * import { App } from "@troupe/core";
 * import { cookieSessions } from "@troupe/core/auth";
 * import { assertEquals } from "@std/assert";
 *
 * const sessions = cookieSessions({ secret: "a text of 32 bytes or more, from the environment" });
 *
 * async function login(request: Request): Promise<Response> { // after the password was checked
 *   const headers = new Headers();
 *   await sessions.issue(headers, request, "ada", { data: { theme: "dark" } });
 *   return new Response("welcome", { headers });
 * }
 *
 * const response = await login(new Request("https://chat.example/login", { method: "POST" }));
 * const [cookie] = response.headers.get("set-cookie")!.split(";");
 * const request = new Request("https://chat.example/socket/websocket", { headers: { cookie } });
 * assertEquals((await sessions.read(request))?.userId, "ada");
 *
 * const app = new App({ authenticate: sessions.authenticate, middleware: [sessions.middleware()] });
 * await app.close();
 * ```
 */
export function cookieSessions<U extends { readonly id: string }>(
  options: CookieSessionsOptions & { user: CookieUserHook<U> },
): CookieSessions<U>;
/** The same, where nothing is known of a user but the id. */
export function cookieSessions(options: CookieSessionsOptions): CookieSessions<CookieUser>;
export function cookieSessions<U extends { readonly id: string }>(
  options: CookieSessionsOptions & { user?: CookieUserHook<U> },
): CookieSessions<U | CookieUser> {
  const { user } = options;
  return new CookieSessions<U | CookieUser>(options, user ?? (({ userId }) => ({ id: userId })));
}

function session(id: string, { userId, data, createdAtMs, expiresAtMs }: StoredSession): CookieSession {
  return { id, userId, data: JSON.parse(data), createdAtMs, expiresAtMs };
}
