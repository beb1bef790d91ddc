import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { jwt, type JwtOptions } from "../../src/auth/mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { issuerKey } from "./tokens.ts";

const SECRET = "x".repeat(64);

/** The message that options are refused with. */
function refused(options: Partial<JwtOptions>): string {
  const error = assertThrows(() => jwt(options as JwtOptions), TroupeError);
  assertEquals(error.code, "invalid_options");
  return error.message;
}

Deno.test("jwt: exactly one key is taken", () => {
  assertStringIncludes(refused({ algorithms: ["HS256"] }), "exactly one of secret, publicKey and jwks");
  assertStringIncludes(refused({ secret: SECRET, jwks: "keys.json", algorithms: ["HS256"] }), "2 of them");
});

Deno.test("jwt: the algorithms are named in advance, from a list, and fit the key", async () => {
  const rsa = await issuerKey("k", "RS256");
  assertStringIncludes(refused({ secret: SECRET }), "it names none");
  assertStringIncludes(refused({ secret: SECRET, algorithms: [] }), "it names none");
  assertStringIncludes(refused({ secret: SECRET, algorithms: ["none" as "HS256"] }), '"none" is not known');
  assertStringIncludes(refused({ secret: SECRET, algorithms: ["RS256"] }), "the key is a secret");
  assertStringIncludes(refused({ secret: SECRET, algorithms: ["HS256", "RS256"] }), "the key is a secret");
  assertStringIncludes(refused({ publicKey: rsa.pem, algorithms: ["HS256"] }), "take them for secrets");
  assertStringIncludes(
    refused({ jwks: "https://id.example/", algorithms: ["HS256"] }),
    "take them for secrets",
  );
  assertStringIncludes(refused({ publicKey: rsa.pem, algorithms: ["RS256", "ES256"] }), "RSA and EC P-256");
  assertStringIncludes(
    refused({ publicKey: rsa.jwk as JsonWebKey, algorithms: ["ES256"] }),
    "it is of the kind RSA",
  );
});

Deno.test("jwt: a secret is at least as long as its digest, and no message holds it", () => {
  const secret = "s3cr3t".repeat(5);
  for (const [algorithm, bytes] of [["HS256", 32], ["HS384", 48], ["HS512", 64]] as const) {
    const message = refused({ secret, algorithms: [algorithm] });
    assertStringIncludes(message, `it has 30 bytes. Accepted: at least ${bytes} bytes`);
    assert(!message.includes(secret));
    jwt({ secret: new Uint8Array(bytes), algorithms: [algorithm] });
  }
});

Deno.test("jwt: a private key, a certificate and plain text are no public key", async () => {
  const { jwk } = await issuerKey("k", "RS256");
  const pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
  for (const publicKey of [pem, "hello", "", pem.replaceAll("PRIVATE KEY", "CERTIFICATE")]) {
    assertStringIncludes(refused({ publicKey, algorithms: ["RS256"] }), "it is no public key in PEM");
  }
  assertStringIncludes(
    refused({ publicKey: { ...jwk as JsonWebKey, d: "AAAA" }, algorithms: ["RS256"] }),
    "it is a private key",
  );
});

Deno.test("jwt: keys come from https:, http: and files alone", () => {
  assertStringIncludes(
    refused({ jwks: new URL("data:application/json,{}"), algorithms: ["RS256"] }),
    "data: is no place for keys",
  );
});

Deno.test("jwt: bounds are numbers that are not negative", () => {
  assertStringIncludes(
    refused({ secret: SECRET, algorithms: ["HS256"], clockToleranceMs: -1 }),
    "at clockToleranceMs, it is -1",
  );
  assertStringIncludes(
    refused({ secret: SECRET, algorithms: ["HS256"], maxTokenLength: NaN }),
    "at maxTokenLength, it is NaN",
  );
});
