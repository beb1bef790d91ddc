import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ServeHandler } from "../../../src/transport/serve.ts";
import { nodeServe } from "../../../src/transport/ws/node_server.ts";
import { selfSigned } from "../../certificate.ts";
import { testWith } from "../../optional.ts";

/** Serves `handler` while `run` runs. */
async function serving(
  handler: ServeHandler,
  run: (url: string, port: number) => Promise<void>,
  onError: (error: unknown) => Response = (error) => new Response(`failed: ${error}`, { status: 500 }),
): Promise<void> {
  const server = nodeServe({ hostname: "127.0.0.1", port: 0, onError }, handler);
  try {
    await run(`http://127.0.0.1:${server.addr.port}`, server.addr.port);
  } finally {
    await server.shutdown();
  }
}

/** Sends `lines` over bare TCP, and returns all that comes until the server closes. */
async function exchange(port: number, ...lines: readonly string[]): Promise<string> {
  using tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  await tcp.write(new TextEncoder().encode([...lines, "", ""].join("\r\n")));
  const chunk = new Uint8Array(4_096);
  let text = "";
  for (let count; (count = await tcp.read(chunk)) !== null;) {
    text += new TextDecoder().decode(chunk.subarray(0, count));
  }
  return text;
}

Deno.test("nodeServe: method, URL, headers, body and address arrive; status, headers and body come back", async () => {
  await serving(async (request, { remoteAddr }) => {
    const seen = [request.method, request.url, request.headers.get("x-a"), await request.text()].join(" ");
    const headers = new Headers({ "x-b": "2", "set-cookie": "c=1" });
    headers.append("set-cookie", "d=2");
    assertEquals([remoteAddr.transport, remoteAddr.hostname], ["tcp", "127.0.0.1"]);
    return new Response(seen, { status: 418, headers });
  }, async (url) => {
    const response = await fetch(`${url}/a?b=c`, { method: "POST", body: "hé", headers: { "x-a": "1" } });
    assertEquals(response.status, 418);
    assertEquals(await response.text(), `POST ${url}/a?b=c 1 hé`);
    assertEquals(response.headers.get("x-b"), "2");
    assertEquals(response.headers.getSetCookie(), ["c=1", "d=2"]);
    assertEquals(response.headers.get("content-length"), String(`POST ${url}/a?b=c 1 hé`.length + 1));
  });
});

Deno.test("nodeServe: responses without a body, and to HEAD", async () => {
  const answers: Record<string, () => Response> = {
    "/none": () => new Response(null),
    "/204": () => new Response(null, { status: 204 }),
    "/304": () => new Response(null, { status: 304 }),
    "/text": () => new Response("text"),
  };
  await serving((request) => answers[new URL(request.url).pathname](), async (url) => {
    for (const [path, status] of [["/none", 200], ["/204", 204], ["/304", 304]] as const) {
      const response = await fetch(url + path);
      assertEquals([response.status, await response.text()], [status, ""]);
    }
    const head = await fetch(`${url}/text`, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    assertEquals(await (await fetch(`${url}/text`)).text(), "text", "the connection is in order afterwards");
  });
});

Deno.test("nodeServe: large bodies go both ways, streamed", async () => {
  const size = 3_000_000;
  await serving((request) => new Response(request.body), async (url) => {
    const sent = Uint8Array.from({ length: size }, (_, i) => i % 251);
    const got = await (await fetch(url, { method: "POST", body: sent })).bytes();
    assertEquals(got.length, size);
    assert(got.every((byte, i) => byte === i % 251));
  });
});

Deno.test("nodeServe: a body that is read in part only does not hold up its answer", async () => {
  await serving(async (request) => {
    const reader = request.body!.getReader();
    await reader.read();
    await reader.cancel();
    return new Response("too large", { status: 413 });
  }, async (url) => {
    const response = await fetch(url, { method: "POST", body: new Uint8Array(2_000_000) });
    assertEquals([response.status, await response.text()], [413, "too large"]);
  });
});

Deno.test("nodeServe: a stream of events comes as it is made, headers first, and ends with its client", async () => {
  const cancelled = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  let push: (text: string) => void = () => {};
  await serving((request) => {
    request.signal.addEventListener("abort", () => aborted.resolve());
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (push = (text) => controller.enqueue(new TextEncoder().encode(text))),
      cancel: () => cancelled.resolve(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }, async (url) => {
    const response = await fetch(url); // nothing was pushed: it is the headers that have come
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      push(text);
      assertEquals((await reader.read()).value, text);
    }
    await reader.cancel();
    await cancelled.promise;
    await aborted.promise;
  });
});

Deno.test("nodeServe: a body that fails drops the connection, so that nobody takes it for whole", async () => {
  await serving(() => {
    let pulls = 0;
    return new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulls++ < 2) controller.enqueue(new TextEncoder().encode("part"));
          else controller.error(new Error("it broke"));
        },
      }, { highWaterMark: 0 }),
    );
  }, async (url) => {
    const failed = await fetch(url).then((response) => response.text()).then(() => false, () => true);
    assertEquals(failed, true);
  });
});

Deno.test("nodeServe: a handler that fails is answered by onError, and if that fails by 500", async () => {
  const fail = (): never => {
    throw new Error("boom");
  };
  await serving(fail, async (url) => {
    const response = await fetch(url);
    assertEquals([response.status, await response.text()], [500, "failed: Error: boom"]);
  });
  await serving(fail, async (url) => assertEquals((await fetch(url).then(drained)).status, 500), fail);
});

async function drained(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}

Deno.test("nodeServe: what is no HTTP, or has no URL, is answered with 400 and reaches nobody", async () => {
  const seen: string[] = [];
  await serving((request) => {
    seen.push(request.url);
    return new Response("ok");
  }, async (_url, port) => {
    const close = "Connection: close";
    assertMatch(await exchange(port, "GARBAGE"), /^HTTP\/1\.1 400 /);
    assertMatch(
      await exchange(port, "GET / HTTP/1.1", close, `X: ${"y".repeat(20_000)}`),
      /^HTTP\/1\.1 431 /,
    );
    for (const host of ["a b", "a/b", "user@a", "a?b", "a#b"]) {
      assertMatch(await exchange(port, "GET / HTTP/1.1", close, `Host: ${host}`), /^HTTP\/1\.1 400 /);
    }
    assertMatch(await exchange(port, "GET x HTTP/1.1", close, "Host: a"), /^HTTP\/1\.1 400 /);
    assertEquals(seen, []);
    assertMatch(await exchange(port, "GET //b/c HTTP/1.1", close, "Host: a"), /^HTTP\/1\.1 200 /);
    assertMatch(await exchange(port, "GET http://c/d HTTP/1.1", close, "Host: a"), /^HTTP\/1\.1 200 /);
    assertMatch(await exchange(port, "GET /e HTTP/1.0"), /^HTTP\/1\.[01] 200 /);
    assertEquals(seen, ["http://a//b/c", "http://c/d", "http://localhost/e"]);
  });
});

Deno.test("nodeServe: an upgrade that nobody takes is answered as any other request, and its connection ends", async () => {
  await serving(
    (request) =>
      new Response(`${request.method} ${new URL(request.url).pathname}`, {
        status: 202,
        statusText: "Why Not",
      }),
    async (_url, port) => {
      for (const protocol of ["websocket", "h2c"]) {
        const upgrade = ["Host: a", "Connection: Upgrade", `Upgrade: ${protocol}`];
        const answer = await exchange(port, "GET /page HTTP/1.1", ...upgrade);
        assertMatch(answer, /^HTTP\/1\.1 202 Why Not\r\n/);
        assertStringIncludes(answer.toLowerCase(), "connection: close");
        assert(answer.endsWith("GET /page"), answer);
        assertMatch(
          await exchange(port, "GET / HTTP/1.1", "Host: a b", ...upgrade.slice(1)),
          /^HTTP\/1\.1 400 /,
        );
      }
    },
  );
});

Deno.test("nodeServe: clients that come and go at the wrong moment harm nobody", async () => {
  let begun = (): void => {};
  let release: (response: Response) => void = () => {};
  await serving((request) => {
    if (new URL(request.url).pathname === "/") return new Response("fine");
    begun();
    return new Promise((resolve) => release = resolve);
  }, async (url, port) => {
    for (const upgrade of ["", "Connection: Upgrade\r\nUpgrade: websocket\r\n"]) {
      const arrived = new Promise<void>((resolve) => begun = resolve);
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
      await tcp.write(new TextEncoder().encode(`GET /slow HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`));
      await arrived;
      tcp.close();
      await (await fetch(url)).text(); // by now the server has seen the end, too
      release(new Response("x".repeat(1_000_000)));
      assertEquals(await (await fetch(url)).text(), "fine");
    }
  });
});

testWith("openssl", "nodeServe: with a certificate and its key it serves https", async (openssl) => {
  await using certificate = await selfSigned(openssl);
  const { cert, key } = certificate;
  const onError = (): Response => new Response(null, { status: 500 });
  const server = nodeServe(
    { hostname: "127.0.0.1", port: 0, cert, key, onError },
    (request) => new Response(new URL(request.url).protocol),
  );
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const response = await fetch(`https://localhost:${server.addr.port}/`, { client });
  assertEquals(await response.text(), "https:");
  await server.shutdown();
});
