/**
 * An issuer of tokens, with keys made in the test.
 *
 * @module
 */

import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import type { VirtualClock } from "../../src/testing/virtual_clock.ts";

/** A second and an hour, in milliseconds. */
export const SECOND = 1_000, HOUR = 3_600_000;

/** A key pair, as the issuer has it and as it publishes it. */
export interface IssuerKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly pem: string;
  readonly jwk: JWK;
}

/** Makes a key pair. */
export async function issuerKey(kid: string, alg = "ES256"): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid, alg, use: "sig" };
  return { alg, kid, privateKey, pem: await exportSPKI(publicKey), jwk };
}

/** The text of a key set. */
export function keySetOf(...keys: readonly IssuerKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

/** Signs a token for ada that ends in an hour, with what `claims` and `header` say besides. */
export function signed(
  key: IssuerKey,
  clock: VirtualClock,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor((clock.now() + HOUR) / SECOND);
  return new SignJWT({ sub: "ada", exp, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** Signs such a token with a shared secret. */
export function signedWithSecret(
  secret: string | Uint8Array,
  clock: VirtualClock,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor((clock.now() + HOUR) / SECOND);
  const key = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  return new SignJWT({ sub: "ada", exp, ...claims }).setProtectedHeader({ alg: "HS256", ...header }).sign(
    key,
  );
}

/** A token that is put together by hand. */
export function forged(header: unknown, claims: unknown, signature = ""): string {
  const part = (value: unknown): string =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${part(header)}.${part(claims)}.${signature}`;
}
