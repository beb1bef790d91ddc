import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";

/** A signature algorithm of JSON Web Tokens (RFC 7518, section 3.1; RFC 8037). `none` is not among them. */
export type JwtAlgorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

/** What a token says, once it is verified. Nothing but the registered claims' types is checked. */
export interface JwtClaims {
  /** Who issued it. */
  readonly iss?: string;
  /** Who it is about. */
  readonly sub?: string;
  /** Who it is for. */
  readonly aud?: string | readonly string[];
  /** Its own id. */
  readonly jti?: string;
  /** Not valid before, in seconds since the Unix epoch. */
  readonly nbf?: number;
  /** Not valid from then on, in seconds since the Unix epoch. */
  readonly exp?: number;
  /** When it was issued, in seconds since the Unix epoch. */
  readonly iat?: number;
  /** Whatever else the issuer says. */
  readonly [claim: string]: unknown;
}

/** What `jwt` takes. Exactly one of `secret`, `publicKey` and `jwks` is needed. */
export interface JwtOptions {
  /** The shared secret of `HS…`, as text or bytes: at least as long as the digest, 32 to 64 bytes (RFC 7518, 3.2). */
  secret?: string | Uint8Array;
  /** The issuer's public key: SPKI in PEM, or a JSON Web Key. */
  publicKey?: string | JsonWebKey;
  /**
   * Where the issuer's public keys are (RFC 7517, section 5): an `https:` or `http:` URL, or the path of a file. A file
   * is read at once, and has to be there; a URL is fetched when the first token comes.
   */
  jwks?: string | URL;
  /** Which algorithms are accepted; a token of any other, `none` included, is refused (RFC 8725, section 3.1). */
  algorithms: readonly JwtAlgorithm[];
  /** Accepted values of `iss`. Default: any, or none at all. */
  issuer?: string | readonly string[];
  /** Accepted values of `aud`, of which one has to be there. Default: any, or none at all. */
  audience?: string | readonly string[];
  /** The accepted `typ` of the header, e.g. `at+jwt` (RFC 8725, section 3.11). Default: any, or none at all. */
  type?: string;
  /** How far the issuer's clock may be off, in milliseconds. Default: 0. */
  clockToleranceMs?: number;
  /** Whether a token without `exp` is refused: it could not be ended. Default: `true`. */
  requireExpiry?: boolean;
  /** Characters of a token. Default: 8,192. Beyond: refused (`jwt.refused.too_long`). */
  maxTokenLength?: number;
  /**
   * How soon the key set may be read again, in milliseconds: however many tokens name unknown keys, it is not read more
   * often. Default: 10,000.
   */
  jwksCooldownMs?: number;
  /** After how long the key set is read again though every key is known, in milliseconds. Default: 600,000. */
  jwksMaxAgeMs?: number;
  /** How long fetching the key set may take, in milliseconds. Default: 5,000. */
  jwksTimeoutMs?: number;
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Log lines. Default: none. */
  logger?: Logger;
  /** Where refusals are counted, e.g. `app.system.counters`. Default: counters of its own. */
  counters?: Counters;
}

/** How long a secret has to be at least, in bytes, by algorithm. */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** What kind of key an algorithm takes. `null`: none that we know. */
function keyKind(algorithm: string): string | null {
  if (algorithm in SECRET_BYTES) return "secret";
  if (/^[RP]S(256|384|512)$/.test(algorithm)) return "RSA";
  if (/^ES(256|384|512)$/.test(algorithm)) return `EC P-${algorithm === "ES512" ? 521 : algorithm.slice(2)}`;
  return algorithm === "EdDSA" ? "OKP Ed25519" : null;
}

/**
 * Refuses options that cannot work, or that would let a public key be used as a secret (RFC 8725, section 2.1).
 *
 * @throws {TroupeError} `invalid_options`, naming the option and what is accepted. Never a key or a secret.
 */
export function checkJwtOptions(options: JwtOptions): void {
  const { secret, publicKey, jwks, algorithms } = options;
  const given = Object.entries({ secret, publicKey, jwks }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    refuse("the key", `${given.length} of them are given`, "exactly one of secret, publicKey and jwks");
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    refuse("algorithms", "it names none", 'a list such as ["RS256"]');
  }
  const unknown = algorithms.find((algorithm) => keyKind(String(algorithm)) === null);
  if (unknown !== undefined) {
    refuse(
      "algorithms",
      `${JSON.stringify(unknown)} is not known`,
      "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA",
    );
  }
  const kinds = new Set(algorithms.map(keyKind));
  if (secret !== undefined) checkSecret(secret, kinds, algorithms);
  else if (kinds.has("secret")) {
    refuse("algorithms", "HS… with public keys would take them for secrets", "RS…, PS…, ES… and EdDSA");
  }
  if (publicKey !== undefined) checkPublicKey(publicKey, kinds);
  const numbers = [
    "clockToleranceMs",
    "maxTokenLength",
    "jwksCooldownMs",
    "jwksMaxAgeMs",
    "jwksTimeoutMs",
  ] as const;
  for (const name of numbers) {
    const value = options[name] ?? 0;
    if (typeof value !== "number" || !(value >= 0)) {
      refuse(name, `it is ${String(value)}`, "a number that is not negative");
    }
  }
}

function checkSecret(
  secret: string | Uint8Array,
  kinds: ReadonlySet<string | null>,
  algorithms: readonly string[],
): void {
  if (kinds.size > 1 || !kinds.has("secret")) {
    refuse("algorithms", "the key is a secret", "HS256, HS384 and HS512");
  }
  const { length } = secretBytes(secret);
  const needed = Math.max(...algorithms.map((algorithm) => SECRET_BYTES[algorithm]));
  if (length < needed) refuse("secret", `it has ${length} bytes`, `at least ${needed} bytes`);
}

function checkPublicKey(key: string | JsonWebKey, kinds: ReadonlySet<string | null>): void {
  if (kinds.size > 1) {
    refuse("algorithms", `one key cannot be ${[...kinds].join(" and ")}`, "algorithms of one kind of key");
  }
  const [kind] = kinds;
  if (typeof key === "string") {
    if (!/^\s*-----BEGIN PUBLIC KEY-----[\s\w+/=]+-----END PUBLIC KEY-----\s*$/.test(key)) {
      refuse(
        "publicKey",
        "it is no public key in PEM",
        "-----BEGIN PUBLIC KEY----- (SPKI), or a JSON Web Key",
      );
    }
    return;
  }
  if (typeof key !== "object" || key === null || Array.isArray(key)) {
    refuse("publicKey", "it is no JSON Web Key", "an object with kty, or SPKI in PEM");
  }
  if ("d" in key) refuse("publicKey", "it is a private key", "its public part, without d");
  const got = key.kty === "RSA" ? "RSA" : `${key.kty} ${key.crv}`;
  if (got !== kind) {
    refuse("publicKey", `it is of the kind ${got}`, `${kind}, for the algorithms that are named`);
  }
}

/** A secret as bytes. */
export function secretBytes(secret: string | Uint8Array): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
}

function refuse(option: string, fault: string, accepted: string): never {
  throw new TroupeError(
    "invalid_options",
    `Cannot verify tokens: at ${option}, ${fault}. Accepted: ${accepted}`,
    { details: { option, accepted } },
  );
}
