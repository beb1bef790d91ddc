// Streams over real connections: what a virtual clock cannot show.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { App, refuse, sse } from "../../mod.ts";
import { testWith } from "../optional.ts";

/** Serves an app with streams on a free port while `run` runs. */
async function serving(run: (url: string, app: App) => Promise<void>): Promise<void> {
  const app = new App().topic("room:{id}", {
    join: (ctx) =>
      ctx.params.id === "closed" ? refuse({ reason: "unauthorized" }) : { welcome: ctx.params.id },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return { ok: true };
      },
      crash() {
        throw new Error("boom");
      },
      stop: (ctx) => ctx.stop(),
    },
  });
  const server = app.listen({ port: 0, signals: false });
  try {
    await run(`http://127.0.0.1:${server.port}/socket/sse`, app);
  } finally {
    await server.close({ deadlineMs: 1_000 });
  }
}

/** Resolves as soon as `condition` holds, looked at once a turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve));
}

/** The events of a name, one after another. */
function events(source: EventSource, name: string): () => Promise<MessageEvent<string>> {
  const arrived: MessageEvent<string>[] = [];
  let wake = (): void => {};
  source.addEventListener(name, (event) => {
    arrived.push(event as MessageEvent<string>);
    wake();
  });
  return async () => {
    while (arrived.length === 0) await new Promise<void>((resolve) => wake = resolve);
    return arrived.shift()!;
  };
}

async function say(
  url: string,
  token: string,
  event: string,
  payload: unknown,
  query = "",
): Promise<Response> {
  return await fetch(url + query, {
    method: "POST",
    headers: { "content-type": "application/json", "x-troupe-token": token },
    body: JSON.stringify({ event, payload }),
  });
}

Deno.test("On the wire: an EventSource hears what is published, and what is said by requests is answered", async () => {
  await serving(async (url, app) => {
    const source = new EventSource(`${url}?topic=room:1`);
    const [joined, said] = [events(source, "troupe:joined"), events(source, "said")];
    const { token, response } = JSON.parse((await joined()).data);
    assertEquals(response, { welcome: "1" });
    const answer = await say(url, token, "say", { text: "hé" });
    assertEquals([answer.status, await answer.json()], [200, { status: "ok", response: { ok: true } }]);
    assertEquals(JSON.parse((await said()).data), { text: "hé" });
    source.close();
    await until(() => app.connections.size === 0);
    const gone = await say(url, token, "say", {});
    assertEquals([gone.status, (await gone.json()).reason], [410, "connection_gone"]);
  });
});

Deno.test("On the wire: an EventSource comes back by itself after a crash, and stays away after an end that is meant", async () => {
  const app = new App({ transports: [sse({ retryMs: 1 })] }).topic("room:{id}", {
    on: {
      crash() {
        throw new Error("boom");
      },
      stop: (ctx) => ctx.stop(),
    },
  });
  const server = app.listen({ port: 0, signals: false });
  const url = `http://127.0.0.1:${server.port}/socket/sse`;
  const source = new EventSource(`${url}?topic=room:1`);
  const [joined, closed] = [events(source, "troupe:joined"), events(source, "troupe:close")];
  const first = JSON.parse((await joined()).data).token;
  const crash = await say(url, first, "crash", {});
  assertEquals([crash.status, (await crash.json()).code], [500, 1011]);
  assertEquals(JSON.parse((await closed()).data).code, 1011);
  const second = JSON.parse((await joined()).data).token;
  assert(second !== first);
  await (await say(url, second, "stop", {}, "?reply=false")).body?.cancel();
  assertEquals(JSON.parse((await closed()).data).code, 1000);
  await until(() => source.readyState === EventSource.CLOSED);
  assertEquals(app.system.counters.get("sse.kept_away"), 1);
  assertEquals(app.connections.size, 0);
  await server.close();
});

Deno.test("On the wire: a client that goes while nothing is sent is noticed", async () => {
  await serving(async (url, app) => {
    const clients = [];
    for (let i = 0; i < 20; i++) {
      const abort = new AbortController();
      const response = await fetch(`${url}?topic=room:1`, { signal: abort.signal });
      clients.push({ abort, response });
    }
    assertEquals(app.connections.inTopic("room:1").length, 20);
    for (const { abort, response } of clients) {
      abort.abort();
      await response.body?.cancel().catch(() => {});
    }
    await until(() => app.connections.size === 0);
    const { counters } = app.system;
    assertEquals([counters.get("connections.opened"), counters.get("connections.closed")], [20, 20]);
  });
});

Deno.test("On the wire: a client that goes before its join is answered is noticed", async () => {
  const gate = Promise.withResolvers<void>();
  const joining = Promise.withResolvers<void>();
  const app = new App().topic("slow", {
    join() {
      joining.resolve();
      return gate.promise;
    },
    on: {},
  });
  const server = app.listen({ port: 0, signals: false });
  const { hostname, port } = server;
  const tcp = await Deno.connect({ hostname, port });
  await tcp.write(new TextEncoder().encode("GET /socket/sse?topic=slow HTTP/1.1\r\nHost: x\r\n\r\n"));
  await joining.promise;
  assertEquals(app.connections.size, 1);
  tcp.close();
  gate.resolve();
  await until(() => app.connections.size === 0);
  await server.close();
});

Deno.test("On the wire: a shutdown ends the streams, and frees the port", async () => {
  await serving(async (url, app) => {
    const response = await fetch(`${url}?topic=room:1`);
    const closing = app.close({ deadlineMs: 5_000 });
    const text = await response.text();
    await closing;
    assertStringIncludes(
      text,
      'event: troupe:close\ndata: {"code":1012,"reason":"the server restarts"}\n\n',
    );
  });
});

Deno.test("On the wire: a stream is not compressed, whatever the client accepts", async () => {
  await serving(async (url) => {
    const response = await fetch(`${url}?topic=room:1`, { headers: { "accept-encoding": "gzip, br" } });
    assertEquals(response.headers.get("content-encoding"), null);
    await response.body!.cancel();
  });
});

Deno.test("On the wire: a client that does not read is closed and forgotten, and the others lose nothing", async () => {
  const app = new App({ transports: [sse({ lingerMs: 1 })] }).topic("room:{id}", { on: {} });
  const server = app.listen({ port: 0, signals: false });
  const { hostname, port } = server;
  const tcp = await Deno.connect({ hostname, port });
  await tcp.write(new TextEncoder().encode("GET /socket/sse?topic=room:1 HTTP/1.1\r\nHost: x\r\n\r\n"));
  await until(() => app.connections.size === 1);
  const reader = (await fetch(`http://${hostname}:${port}/socket/sse?topic=room:1`)).body!.getReader();
  let bytes = (await reader.read()).value!.length;
  const head = bytes;
  const payload = "x".repeat(64_000);
  const event = `event: said\ndata: "${payload}"\n\n`.length;
  let published = 0;
  const { counters } = app.system;
  while (counters.get("connections.abandoned") === 0) {
    if (counters.get("connections.slow") === 0) {
      app.broadcast("room:1", "said", payload);
      published++;
    } else await new Promise((resolve) => setTimeout(resolve));
    while (bytes < head + published * event) bytes += (await reader.read()).value!.length;
  }
  assertEquals([app.connections.size, counters.get("connections.slow")], [1, 1]);
  assertEquals(bytes, head + published * event);
  await reader.cancel();
  tcp.close();
  await server.close();
});

testWith("curl", "On the wire: curl -N reads a stream as it comes, and says something", async (path) => {
  await serving(async (url, app) => {
    const curl = new Deno.Command(path, {
      args: ["-sN", `${url}?topic=room:1`],
      stdout: "piped",
    }).spawn();
    const reader = curl.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const reads = async (part: string): Promise<void> => {
      while (!text.includes(part)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`curl ended after ${text}`);
        text += value;
      }
    };
    await reads("\n\n");
    const token = JSON.parse(/^data: (.*)$/m.exec(text)![1]).token;
    const { stdout } = await new Deno.Command(path, {
      args: [
        "-s",
        ...["-H", "content-type: application/json", "-H", `x-troupe-token: ${token}`],
        ...["-d", '{"event":"say","payload":{"text":"hi"}}', url],
      ],
    }).output();
    assertEquals(new TextDecoder().decode(stdout), '{"status":"ok","response":{"ok":true}}');
    await reads('event: said\ndata: {"text":"hi"}\n\n');
    curl.kill();
    await curl.status;
    while (!(await reader.read()).done);
    await until(() => app.connections.size === 0);
    const refused = await new Deno.Command(path, {
      args: ["-s", "-o", "-", "-w", " %{http_code}", `${url}?topic=room:closed`],
    }).output();
    assertEquals(new TextDecoder().decode(refused.stdout), '{"reason":"unauthorized"} 403');
  });
});
