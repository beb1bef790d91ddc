import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { jwt, type JwtOptions, type JwtUser, type JwtVerifier } from "../../src/auth/mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { type IssuerKey, issuerKey, keySetOf, signed } from "./tokens.ts";

const COOLDOWN_MS = 10_000;
const [first, second, third] = await Promise.all(["1", "2", "3"].map((kid) => issuerKey(kid)));

/** An issuer's server: it says what `answer` says, and counts how often it was asked. */
class KeyServer implements AsyncDisposable {
  answer: () => Response | Promise<Response>;
  asked = 0;
  readonly url: string;
  readonly #server: Deno.HttpServer;

  constructor(...keys: readonly IssuerKey[]) {
    this.answer = () => new Response(keySetOf(...keys));
    const handler = (): Response | Promise<Response> => {
      this.asked++;
      return this.answer();
    };
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
    this.url = `http://127.0.0.1:${(this.#server.addr as Deno.NetAddr).port}/keys.json`;
  }

  has(...keys: readonly IssuerKey[]): void {
    this.answer = () => new Response(keySetOf(...keys));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A verifier that stands in virtual time. */
function verifier(
  jwks: string,
  options: Partial<JwtOptions> = {},
): { verify: JwtVerifier<JwtUser>; clock: VirtualClock } {
  const clock = new VirtualClock();
  return {
    clock,
    verify: jwt({ jwks, algorithms: ["ES256"], clock, jwksCooldownMs: COOLDOWN_MS, ...options }),
  };
}

async function file(run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a key set from a file: a key that is added is found when a token names it", () =>
  file(async (path) => {
    await Deno.writeTextFile(path, keySetOf(first));
    const { verify, clock } = verifier(path);
    assertEquals((await verify(await signed(first, clock)))?.user, { id: "ada" });
    clock.step(COOLDOWN_MS);
    await Deno.writeTextFile(path, keySetOf(first, second));
    assertEquals((await verify(await signed(second, clock)))?.user, { id: "ada" });
    assertEquals(verify.counters.get("jwt.jwks_read"), 1);
  }));

Deno.test("a key set from a file: one that is not there, or holds no keys, fails at the start", () =>
  file(async (path) => {
    for (const text of ["", "{}", "not JSON", '{"keys":7}']) {
      await Deno.writeTextFile(path, text);
      assertEquals(assertThrows(() => verifier(path), TroupeError).code, "jwks_unavailable");
    }
    assertEquals(assertThrows(() => verifier(`${path}.nowhere`), TroupeError).code, "jwks_unavailable");
  }));

Deno.test("a key set from a file: one that is damaged later leaves the keys that are known", () =>
  file(async (path) => {
    await Deno.writeTextFile(path, keySetOf(first));
    const { verify, clock } = verifier(path);
    await Deno.writeTextFile(path, "{");
    clock.step(COOLDOWN_MS);
    assertEquals(await verify(await signed(second, clock)), null);
    assertEquals((await verify(await signed(first, clock)))?.user, { id: "ada" });
    assertEquals(verify.counters.get("jwt.jwks_failed"), 1);
  }));

Deno.test("a key set from a URL: it is fetched with the first token, once for all who wait", async () => {
  await using server = new KeyServer(first);
  const { verify, clock } = verifier(server.url);
  assertEquals(server.asked, 0);
  const token = await signed(first, clock);
  const answers = await Promise.all([verify(token), verify(token), verify(token)]);
  assertEquals(answers.map((answer) => answer?.user.id), ["ada", "ada", "ada"]);
  assertEquals(server.asked, 1);
});

Deno.test("a key set from a URL: unknown keys make it read again, but not more often than the cool-down says", async () => {
  await using server = new KeyServer(first);
  const { verify, clock } = verifier(server.url);
  await verify(await signed(first, clock));
  server.has(first, second);
  const unknown = await signed(third, clock);
  for (let i = 0; i < 20; i++) assertEquals(await verify(unknown), null);
  assertEquals(server.asked, 1);
  assertEquals(verify.counters.get("jwt.refused.unknown_key"), 20);
  clock.step(COOLDOWN_MS);
  assertEquals((await verify(await signed(second, clock)))?.user, { id: "ada" });
  for (let i = 0; i < 20; i++) assertEquals(await verify(unknown), null);
  assertEquals(server.asked, 2);
});

Deno.test("a key set from a URL: a key that is withdrawn is refused once the set is old", async () => {
  await using server = new KeyServer(first, second);
  const { verify, clock } = verifier(server.url, { jwksMaxAgeMs: 60_000 });
  const token = await signed(second, clock);
  assertEquals((await verify(token))?.user, { id: "ada" });
  server.has(first);
  clock.step(59_999);
  assertEquals((await verify(token))?.user, { id: "ada" });
  clock.step(60_000);
  assertEquals(await verify(token), null);
});

Deno.test("a key set from a URL: while there is none at all, verifying fails, and says when to try again", async () => {
  await using server = new KeyServer(first);
  const { verify, clock } = verifier(server.url);
  const token = await signed(first, clock);
  const answers: (() => Response)[] = [
    () => new Response("down", { status: 503 }),
    () => new Response("{}"),
    () => Response.redirect("http://127.0.0.1:9/keys.json"),
    () => new Response("x".repeat(300_000)),
  ];
  for (const [i, answer] of answers.entries()) {
    server.answer = answer;
    const error = await assertRejects(() => verify(token), TroupeError);
    assertEquals([error.code, error.retryable, error.retryAfterMs], ["jwks_unavailable", true, COOLDOWN_MS]);
    clock.step(i * COOLDOWN_MS + 4_000);
    assertEquals((await assertRejects(() => verify(token), TroupeError)).retryAfterMs, COOLDOWN_MS - 4_000);
    assertEquals(server.asked, i + 1);
    clock.step((i + 1) * COOLDOWN_MS);
  }
  server.has(first);
  assertEquals((await verify(token))?.user, { id: "ada" });
  assertEquals(verify.counters.get("jwt.jwks_failed"), answers.length);
});

Deno.test("a key set from a URL: a server that does not answer is given up after the time-out", async () => {
  await using server = new KeyServer(first);
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: answer, resolve: release } = Promise.withResolvers<Response>();
  server.answer = () => {
    ask();
    return answer;
  };
  const { verify, clock } = verifier(server.url, { jwksTimeoutMs: 3_000 });
  const pending = verify(await signed(first, clock));
  await asked;
  while (clock.step(3_000));
  assertEquals((await assertRejects(() => pending, TroupeError)).code, "jwks_unavailable");
  assertEquals(clock.pending, 0);
  release(new Response(null));
});

Deno.test("a key set from a URL: while its server is away, tokens of known keys do not wait for it", async () => {
  await using server = new KeyServer(first);
  const { verify, clock } = verifier(server.url, { jwksMaxAgeMs: 60_000 });
  const token = await signed(first, clock);
  await verify(token);
  server.answer = () => new Response(null, { status: 503 });
  clock.step(60_000);
  assertEquals((await verify(token))?.user, { id: "ada" });
  const { promise: answer, resolve: release } = Promise.withResolvers<Response>();
  server.answer = () => answer;
  clock.step(60_000 + COOLDOWN_MS);
  assertEquals((await verify(token))?.user, { id: "ada" }); // with the request still out
  assertEquals(verify.counters.get("jwt.jwks_read"), 3);
  release(new Response(keySetOf(first)));
  while (clock.pending > 0) await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("a key set: a token without a key id is verified if one key alone fits", async () => {
  await using server = new KeyServer(first);
  const { verify, clock } = verifier(server.url);
  const token = await signed(first, clock, {}, { kid: undefined });
  assertEquals((await verify(token))?.user, { id: "ada" });
  server.has(first, second);
  clock.step(600_000);
  assertEquals(await verify(await signed(first, clock, {}, { kid: undefined })), null);
  assertEquals(verify.counters.get("jwt.refused.ambiguous_key"), 1);
});

Deno.test("a key set: a key in it that is too weak is logged as an error, and nobody is let in by it", async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1_024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  await using server = new KeyServer(first);
  const jwk = { ...await crypto.subtle.exportKey("jwk", publicKey), key_ops: undefined, kid: "weak" };
  server.answer = () => Response.json({ keys: [jwk] });
  const levels: string[] = [];
  const { verify, clock } = verifier(server.url, {
    algorithms: ["RS256"],
    logger: { log: (level) => levels.push(level) },
  });
  const unsigned = `${btoa('{"alg":"RS256","kid":"weak"}')}.${btoa(`{"sub":"ada","exp":${clock.now()}}`)}`;
  const url = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const bytes = new TextEncoder().encode(url(unsigned));
  const signature = new Uint8Array(await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, bytes));
  assertEquals(await verify(`${url(unsigned)}.${url(btoa(String.fromCharCode(...signature)))}`), null);
  assertEquals([verify.counters.get("jwt.refused.unusable_key"), levels], [1, ["error"]]);
});
