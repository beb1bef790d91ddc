import type { User } from "../sessions/user.ts";
import type { Authenticated } from "./options.ts";

/** What somebody was let in with. A refresh replaces it. */
export interface Grant {
  /** Who it is. */
  readonly user: User;
  /** From when on it is not valid, in milliseconds since the Unix epoch; `null`: never. */
  readonly expiresAtMs: number | null;
  /** Names the token that it came from; `null`: it has no name. */
  readonly tokenId: string | null;
}

const ACCEPTED = "a user with a string as its id, { user, expiresAt, tokenId }, null or a Response";

/**
 * What the application answered to the question who it is; `null` for nobody.
 *
 * @throws {TypeError} for an answer that makes no sense, naming what came and what is accepted.
 */
export function readAnswer(answer: Authenticated<User>): Grant | Response | null {
  if (answer === null || answer instanceof Response) return answer;
  const given = (answer ?? {}) as { id?: unknown; user?: unknown; expiresAt?: unknown; tokenId?: unknown };
  if (typeof given.id === "string") return { user: answer as User, expiresAtMs: null, tokenId: null };
  const user = given.user as { readonly id?: unknown } | null | undefined;
  if (typeof user === "object" && user !== null) {
    if (typeof user.id !== "string") refuseAnswer(`a user whose id is ${kindOf(user.id)}`);
    return { user: user as User, expiresAtMs: instantOf(given.expiresAt), tokenId: nameOf(given.tokenId) };
  }
  refuseAnswer(answer === undefined ? "undefined" : `a ${typeof answer} whose id is ${kindOf(given.id)}`);
}

function instantOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const ms = value instanceof Date ? value.getTime() : value;
  if (typeof ms === "number" && !Number.isNaN(ms)) return ms === Infinity ? null : ms;
  refuseAnswer(`expiresAt as ${value instanceof Date ? "an invalid Date" : kindOf(value)}`);
}

function nameOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  refuseAnswer(`tokenId as ${value === "" ? "an empty string" : kindOf(value)}`);
}

function kindOf(value: unknown): string {
  return value === undefined ? "a undefined" : `a ${typeof value}`;
}

function refuseAnswer(got: string): never {
  throw new TypeError(
    `authenticate must answer ${ACCEPTED}, with expiresAt a Date or milliseconds since the Unix epoch and tokenId a ` +
      `text; it answered ${got}`,
  );
}
