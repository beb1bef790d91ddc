import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { TroupeError } from "../base/errors.ts";
import type { Signer } from "../base/signer.ts";

/** The shortest secret that is accepted, in bytes: as long as the digest (RFC 2104, section 3). */
export const MIN_SECRET_BYTES = 32;

/**
 * Signs with HMAC-SHA-256 (RFC 2104), synchronously: the runtime's own Web Crypto completes in any order.
 *
 * @param secret At least 32 bytes of UTF-8.
 * @throws {TroupeError} `bad_secret` for one that is too short.
 */
export function hmacSigner(secret: string): Signer {
  const key = Buffer.from(secret);
  if (key.length < MIN_SECRET_BYTES) {
    throw new TroupeError(
      "bad_secret",
      `Cannot sign with a secret of ${key.length} bytes: it takes at least ${MIN_SECRET_BYTES}`,
    );
  }
  const digest = (purpose: string, body: string): Buffer =>
    createHmac("sha256", key).update(`${purpose}\0${body}`).digest();
  return {
    sign(purpose, text) {
      const body = Buffer.from(text).toString("base64url");
      return `${body}.${digest(purpose, body).toString("base64url")}`;
    },
    open(purpose, signed) {
      const dot = signed.indexOf(".");
      if (dot < 0) return null;
      const body = signed.slice(0, dot);
      const expected = digest(purpose, body);
      const given = Buffer.from(signed.slice(dot + 1), "base64url");
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      return Buffer.from(body, "base64url").toString();
    },
  };
}
