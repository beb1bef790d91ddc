import {
  errors,
  importJWK,
  importSPKI,
  type JWK,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import { type Clock, systemClock } from "../base/clock.ts";
import { messageOf, TroupeError } from "../base/errors.ts";
import { Counters } from "../base/inspect.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { checkJwtOptions, type JwtClaims, type JwtOptions, secretBytes } from "./jwt_options.ts";
import { KeySet } from "./key_set.ts";
import { isFile, keySetPlace, keySource } from "./key_source.ts";

/** Who a token stands for, if nobody says otherwise. */
export interface JwtUser {
  /** The claim `sub`. */
  readonly id: string;
}

/** What a good token comes to. `authenticate` can answer it as it is. */
export interface JwtIdentity<U> {
  /** Who it is. */
  readonly user: U;
  /**
   * From when on the token is not accepted any more, in milliseconds since the Unix epoch: `exp`, with the tolerance.
   * `undefined` without `exp`.
   */
  readonly expiresAt: number | undefined;
  /** The token's own id, to revoke it by: `jti`. */
  readonly tokenId: string | undefined;
  /** All that the token says. */
  readonly claims: JwtClaims;
}

/**
 * Why a token is not accepted; each is counted as `jwt.refused.<reason>`.
 *
 * `missing`: there is none. `too_long`, `malformed`: it cannot be a token. `algorithm`: not among the accepted ones,
 * `none` included. `unknown_key`, `ambiguous_key`: the key set has none for it, or several and the token does not say
 * which. `unusable_key`: the key itself is at fault; this is logged as an error. `signature`: it was not signed with
 * that key. `expired`, `not_yet_valid`, `issuer`, `audience`, `claims`: what it says. `user`: the `user` hook answered
 * `null`.
 */
export type JwtRefusal =
  | "missing"
  | "too_long"
  | "malformed"
  | "algorithm"
  | "unknown_key"
  | "ambiguous_key"
  | "unusable_key"
  | "signature"
  | "expired"
  | "not_yet_valid"
  | "issuer"
  | "audience"
  | "claims"
  | "user";

/** Verifies tokens: {@link jwt} makes it. */
export interface JwtVerifier<U> {
  /**
   * Verifies a token, or that of a handshake: it can stand as `authenticate` itself. `null` for a token that is not
   * accepted.
   *
   * @throws {TroupeError} (as a rejection) `jwks_unavailable` (retryable) while there are no keys to verify with;
   * `bad_public_key` for one that cannot be used; what the `user` hook throws.
   */
  (from: string | null | { readonly token: string | null }): Promise<JwtIdentity<U> | null>;
  /** How many were accepted (`jwt.accepted`) and refused (`jwt.refused.<reason>`). */
  readonly counters: Counters;
}

/** Tells from the claims of a good token who it stands for; `null` for nobody. */
export type JwtUserHook<U> = (claims: JwtClaims) => U | null | Promise<U | null>;

/**
 * Verifies JSON Web Tokens (RFC 7519), as RFC 8725 recommends: the algorithms are named in advance, each goes with its
 * own kind of key, and a token ends. Whatever is wrong with a token comes to `null`, a count and a log line with the
 * reason; the token itself is never logged.
 *
 * @param options The key, the algorithms, and what tokens have to say: see {@link JwtOptions}. `user` makes the user of
 * a good token's claims.
 * @throws {TroupeError} `invalid_options` at once, e.g. for `HS256` with a public key; `jwks_unavailable` for a file
 * that is not there or holds no key set.
 *
 * @example
 * ```ts
 * import { App } from "@troupe/core";
 * import { jwt } from "@troupe/core/auth";
 *
 * const secret = "a text of 32 bytes or more, from the environment";
 * const verify = jwt({ secret, algorithms: ["HS256"], audience: "chat" });
 * const app = new App({ authenticate: verify });
 * await app.close();
 * ```
 */
export function jwt<U extends { readonly id: string }>(
  options: JwtOptions & { user: JwtUserHook<U> },
): JwtVerifier<U>;
/** The same, where the claim `sub` is the user's id and nothing else is known of the user. */
export function jwt(options: JwtOptions): JwtVerifier<JwtUser>;
export function jwt<U extends { readonly id: string }>(
  options: JwtOptions & { user?: JwtUserHook<U> },
): JwtVerifier<U | JwtUser> {
  checkJwtOptions(options);
  const { clock = systemClock, logger = silentLogger, counters = new Counters(), user = subjectOf } = options;
  const { maxTokenLength = 8_192, clockToleranceMs = 0 } = options;
  const key = keyFor(options, { clock, logger, counters });
  const expected = expectations(options);

  const refuse = (reason: JwtRefusal, fault?: unknown): null => {
    counters.add(`jwt.refused.${reason}`);
    const level = reason === "missing" ? "debug" : reason === "unusable_key" ? "error" : "info";
    logger.log(level, "token refused", {
      reason,
      ...(fault !== undefined && level === "error" && { error: messageOf(fault) }),
    });
    return null;
  };

  async function verify(
    from: string | null | { readonly token: string | null },
  ): Promise<JwtIdentity<U | JwtUser> | null> {
    const token = typeof from === "string" || from === null ? from : from.token;
    if (token === null) return refuse("missing");
    if (token.length > maxTokenLength) return refuse("too_long");
    let claims: JwtClaims;
    try {
      claims = (await jwtVerify(token, key, { ...expected, currentDate: new Date(clock.now()) })).payload;
    } catch (error) {
      if (error instanceof TroupeError) throw error;
      return refuse(reasonOf(error), error);
    }
    if (user === subjectOf && (typeof claims.sub !== "string" || claims.sub === "")) return refuse("claims");
    const who = await user(claims);
    if (who === null) return refuse("user");
    counters.add("jwt.accepted");
    const { exp, jti } = claims;
    const expiresAt = exp === undefined
      ? undefined
      : Math.min(exp * 1_000 + clockToleranceMs, LAST_INSTANT_MS);
    return { user: who, expiresAt, tokenId: typeof jti === "string" && jti !== "" ? jti : undefined, claims };
  }
  return Object.assign(verify, { counters });
}

/** The last instant that a `Date` can hold, in milliseconds since the Unix epoch. */
const LAST_INSTANT_MS = 8.64e15;

function subjectOf({ sub }: JwtClaims): JwtUser {
  return { id: sub! };
}

function expectations(options: JwtOptions): JWTVerifyOptions {
  const { algorithms, issuer, audience, type, requireExpiry = true, clockToleranceMs = 0 } = options;
  const list = (value: string | readonly string[]): string[] =>
    typeof value === "string" ? [value] : [...value];
  return {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceMs / 1_000,
    ...(issuer !== undefined && { issuer: list(issuer) }),
    ...(audience !== undefined && { audience: list(audience) }),
    ...(type !== undefined && { typ: type }),
    ...(requireExpiry && { requiredClaims: ["exp"] }),
  };
}

interface KeyPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
}

function keyFor(options: JwtOptions, ports: KeyPorts): JWTVerifyGetKey {
  const { secret, publicKey, jwks } = options;
  if (secret !== undefined) {
    const bytes = secretBytes(secret);
    return () => bytes;
  }
  if (publicKey !== undefined) return imported(publicKey);
  const { jwksCooldownMs: cooldownMs = 10_000, jwksMaxAgeMs: maxAgeMs = 600_000 } = options;
  const place = keySetPlace(jwks!);
  const source = keySource(place, { clock: ports.clock, timeoutMs: options.jwksTimeoutMs ?? 5_000 });
  const keys = new KeySet({ ...ports, source, cooldownMs, maxAgeMs });
  if (isFile(place)) readAtStart(keys, place);
  return keys.find;
}

/** A key, imported when a token first asks for it, once for each algorithm. */
function imported(publicKey: string | JsonWebKey): JWTVerifyGetKey {
  const keys = new Map<string, ReturnType<typeof importKey>>();
  return ({ alg }) => {
    let key = keys.get(alg);
    if (key === undefined) keys.set(alg, key = importKey(publicKey, alg));
    return key;
  };
}

async function importKey(publicKey: string | JsonWebKey, alg: string): Promise<CryptoKey | Uint8Array> {
  try {
    return typeof publicKey === "string"
      ? await importSPKI(publicKey, alg)
      : await importJWK(publicKey as JWK, alg);
  } catch (cause) {
    const message = `Cannot verify tokens: the public key cannot be used for ${alg}: ${messageOf(cause)}`;
    throw new TroupeError("bad_public_key", message, { cause, details: { algorithm: alg } });
  }
}

function readAtStart(keys: KeySet, place: URL | string): void {
  try {
    keys.accept(Deno.readTextFileSync(place));
  } catch (cause) {
    throw new TroupeError(
      "jwks_unavailable",
      `Cannot verify tokens: the key set at ${place} cannot be read: ${messageOf(cause)}`,
      { cause },
    );
  }
}

const REASONS: Readonly<Record<string, JwtRefusal>> = {
  ERR_JWS_INVALID: "malformed",
  ERR_JWT_INVALID: "malformed",
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm",
  ERR_JOSE_NOT_SUPPORTED: "algorithm",
  ERR_JWKS_NO_MATCHING_KEY: "unknown_key",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "ambiguous_key",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature",
  ERR_JWT_EXPIRED: "expired",
};

function reasonOf(error: unknown): JwtRefusal {
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (claim === "iss") return "issuer";
    if (claim === "aud") return "audience";
    return claim === "nbf" && reason === "check_failed" ? "not_yet_valid" : "claims";
  }
  return error instanceof errors.JOSEError ? REASONS[error.code] ?? "unusable_key" : "unusable_key";
}
