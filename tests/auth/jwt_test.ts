import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { jwt, type JwtOptions } from "../../src/auth/mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import type { LogFields } from "../../src/base/log.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { forged, HOUR, issuerKey, keySetOf, SECOND, signed, signedWithSecret } from "./tokens.ts";

const SECRET = "thirty-two bytes of a shared secret, at the least";
const clock = new VirtualClock();
const hs = (options: Partial<JwtOptions> = {}) =>
  jwt({ secret: SECRET, algorithms: ["HS256"], clock, ...options });

/** Why `verify` refuses: the one counter that it adds to. */
async function refusal(verify: ReturnType<typeof jwt>, token: string | null): Promise<string> {
  const before = verify.counters.snapshot();
  assertEquals(await verify(token), null);
  const counted = Object.entries(verify.counters.snapshot()).filter(([name, count]) =>
    count !== before[name]
  );
  assertEquals(counted.length, 1);
  return counted[0][0];
}

Deno.test("jwt: a good token is somebody, for as long as it says, under its own id", async () => {
  const token = await signedWithSecret(SECRET, clock, { jti: "t-1", role: "admin" });
  const verify = hs();
  const identity = await verify(token);
  const exp = Math.floor((clock.now() + HOUR) / SECOND);
  assertEquals(identity, {
    user: { id: "ada" },
    expiresAt: exp * SECOND,
    tokenId: "t-1",
    claims: { sub: "ada", exp, jti: "t-1", role: "admin" },
  });
  assertEquals(await verify({ token }), identity);
  assertEquals(verify.counters.get("jwt.accepted"), 2);
});

Deno.test("jwt: the user hook makes the user of the claims, or says that it is nobody", async () => {
  const verify = jwt({
    secret: SECRET,
    algorithms: ["HS256"],
    clock,
    user: ({ uid, name }) => typeof name === "string" ? { id: String(uid), name } : null,
  });
  const identity = await verify(
    await signedWithSecret(SECRET, clock, { uid: 7, name: "Ada", sub: undefined }),
  );
  assertEquals(identity?.user, { id: "7", name: "Ada" });
  assertEquals(await refusal(verify, await signedWithSecret(SECRET, clock)), "jwt.refused.user");
});

Deno.test("jwt: RS256, PS256, ES256 and EdDSA are verified with a public key, in PEM or as a JSON Web Key", async () => {
  for (const alg of ["RS256", "PS256", "ES256", "EdDSA"] as const) {
    const key = await issuerKey("k", alg);
    const token = await signed(key, clock);
    for (const publicKey of [key.pem, key.jwk as JsonWebKey]) {
      const verify = jwt({ publicKey, algorithms: [alg], clock });
      assertEquals((await verify(token))?.user, { id: "ada" }, alg);
      assertEquals(await refusal(verify, token.slice(0, -8) + "AAAAAAAA"), "jwt.refused.signature");
    }
  }
});

Deno.test("jwt: alg none is refused, however it is spelled", async () => {
  const claims = { sub: "ada", exp: Math.floor((clock.now() + HOUR) / SECOND) };
  for (const alg of ["none", "None", "NONE", "nOnE"]) {
    assertEquals(await refusal(hs(), forged({ alg }, claims)), "jwt.refused.algorithm");
    assertEquals(await refusal(hs(), forged({ alg }, claims, "AAAA")), "jwt.refused.algorithm");
  }
});

Deno.test("jwt: a public key is never taken for a secret", async () => {
  const key = await issuerKey("k", "RS256");
  const confused = await signedWithSecret(key.pem, clock, {}, { kid: "k" });
  assertEquals(
    await refusal(jwt({ publicKey: key.pem, algorithms: ["RS256"], clock }), confused),
    "jwt.refused.algorithm",
  );
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, keySetOf(key));
    assertEquals(
      await refusal(jwt({ jwks: path, algorithms: ["RS256"], clock }), confused),
      "jwt.refused.algorithm",
    );
  } finally {
    await Deno.remove(path);
  }
  const error = assertThrows(
    () => jwt({ publicKey: key.pem, algorithms: ["RS256", "HS256"] }),
    TroupeError,
    "would take them for secrets",
  );
  assertEquals(error.code, "invalid_options");
});

Deno.test("jwt: a token of an algorithm that is not named is refused, though the key would fit", async () => {
  const bytes = new TextEncoder().encode(SECRET + SECRET);
  const token = await signedWithSecret(bytes, clock, {}, { alg: "HS512" });
  assertEquals(
    await refusal(jwt({ secret: bytes, algorithms: ["HS256"], clock }), token),
    "jwt.refused.algorithm",
  );
});

Deno.test("jwt: each fault of a token has a counter of its own", async () => {
  const nowS = Math.floor(clock.now() / SECOND);
  const verify = hs({ issuer: "https://id.example", audience: ["chat", "admin"], maxTokenLength: 1_000 });
  const token = (claims: Record<string, unknown>, header = {}): Promise<string> =>
    signedWithSecret(SECRET, clock, { iss: "https://id.example", aud: "chat", ...claims }, header);
  const other = "another secret, of thirty-two bytes or more";
  const cases: [token: string | null, reason: string][] = [
    [null, "missing"],
    ["", "malformed"],
    ["a.b.c", "malformed"],
    ["x".repeat(1_001), "too_long"],
    [await signedWithSecret(other, clock, { iss: "https://id.example", aud: "chat" }), "signature"],
    [await token({ exp: nowS }), "expired"],
    [await token({ exp: undefined }), "claims"],
    [await token({ exp: "soon" }), "claims"],
    [await token({ nbf: nowS + 1 }), "not_yet_valid"],
    [await token({ iss: "https://evil.example" }), "issuer"],
    [await token({ iss: undefined }), "issuer"],
    [await token({ aud: "shop" }), "audience"],
    [await token({ aud: undefined }), "audience"],
    [await token({ sub: undefined }), "claims"],
    [await token({ sub: "" }), "claims"],
  ];
  for (const [given, reason] of cases) assertEquals(await refusal(verify, given), `jwt.refused.${reason}`);
  assertEquals((await verify(await token({ aud: ["x", "admin"] })))?.user, { id: "ada" });
});

Deno.test("jwt: the type of a token is checked where it is asked for", async () => {
  const verify = hs({ type: "at+jwt" });
  assertEquals(
    (await verify(await signedWithSecret(SECRET, clock, {}, { typ: "at+jwt" })))?.user,
    { id: "ada" },
  );
  assertEquals(
    await refusal(verify, await signedWithSecret(SECRET, clock, {}, { typ: "JWT" })),
    "jwt.refused.claims",
  );
});

Deno.test("jwt: a token ends by the clock that was given, with the tolerance", async () => {
  const clock = new VirtualClock();
  const verify = hs({ clock, clockToleranceMs: 5_000 });
  const endMs = clock.now() + HOUR;
  const token = await signedWithSecret(SECRET, clock);
  assertEquals((await verify(token))?.expiresAt, endMs + 5_000);
  clock.step(HOUR + 4_999);
  assertEquals((await verify(token))?.user, { id: "ada" });
  clock.step(HOUR + 5_000);
  assertEquals(await refusal(verify, token), "jwt.refused.expired");
});

Deno.test("jwt: a token without an end is accepted only where that is said", async () => {
  const token = await signedWithSecret(SECRET, clock, { exp: undefined });
  assertEquals(await refusal(hs(), token), "jwt.refused.claims");
  const identity = await hs({ requireExpiry: false })(token);
  assertEquals([identity?.user, identity?.expiresAt, identity?.tokenId], [
    { id: "ada" },
    undefined,
    undefined,
  ]);
});

Deno.test("jwt: an end beyond all dates is a date", async () => {
  const identity = await hs()(await signedWithSecret(SECRET, clock, { exp: 1e300 }));
  assertEquals(identity?.expiresAt, 8.64e15);
});

Deno.test("jwt: the reason is logged, the token never is", async () => {
  const lines: [string, LogFields | undefined][] = [];
  const logger = {
    log: (_level: string, message: string, fields?: LogFields) => lines.push([message, fields]),
  };
  const token = await signedWithSecret("another secret, of thirty-two bytes or more", clock);
  assertEquals(await hs({ logger })(token), null);
  assertEquals(lines, [["token refused", { reason: "signature" }]]);
});

Deno.test("jwt: whatever text comes as a token, the answer is null", async () => {
  const good = await signedWithSecret(SECRET, clock);
  const verify = hs();
  const part = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.json().map((text) => btoa(encodeURIComponent(text))),
  );
  const text = fc.oneof(
    fc.string(),
    fc.tuple(part, part, part).map((parts) => parts.join(".")),
    fc.nat(good.length - 1).map((at) =>
      good.slice(0, at) + (good[at] === "." ? "x" : ".") + good.slice(at + 1)
    ),
  );
  await fc.assert(fc.asyncProperty(text, async (token) => assertEquals(await verify(token), null)));
});

Deno.test("jwt: a public key that turns out to be none is a fault of the program's", async () => {
  const pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
  const key = await issuerKey("k", "RS256");
  const verify = jwt({ publicKey: pem, algorithms: ["RS256"], clock });
  const error = await assertRejects(async () => await verify(await signed(key, clock)), TroupeError);
  assertEquals(error.code, "bad_public_key");
});
