import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { App, sse } from "../../mod.ts";
import { slowTestWith } from "../optional.ts";
import { Chromium } from "./chromium.ts";

/** Serves an empty page. */
const blank = (): Response =>
  new Response("<!doctype html><title>x</title>", { headers: { "content-type": "text/html" } });

/** What the script in the page tells. */
interface Story {
  readonly welcome: unknown;
  readonly reply: unknown;
  readonly heard: unknown;
  readonly again: boolean;
  readonly end: { readonly code: number };
  readonly stopped: boolean;
}

/** In the page: joins, says something, hears it, is thrown out and comes back, is sent away and stays away. */
async function useStream(page: Page, url: string): Promise<Story> {
  return await page.evaluate(async (url) => {
    const source = new EventSource(`${url}?topic=room:1`);
    const next = (name: string): Promise<{ data: string }> =>
      new Promise((resolve) =>
        source.addEventListener(name, (event) => resolve(event as MessageEvent), { once: true })
      );
    const say = (token: string, event: string, payload: unknown): Promise<Response> =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", "x-troupe-token": token },
        body: JSON.stringify({ event, payload }),
      });
    const first = JSON.parse((await next("troupe:joined")).data);
    const said = next("said");
    const reply = await (await say(first.token, "say", { text: "hé" })).json();
    const heard = JSON.parse((await said).data);
    const joinedAgain = next("troupe:joined");
    await fetch(`${url}?token=${first.token}&reply=false`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ event: "throw_me_out" }),
    });
    const second = JSON.parse((await joinedAgain).data);
    const closed = next("troupe:close");
    const gone = new Promise<boolean>((resolve) => {
      source.addEventListener("error", () => source.readyState === EventSource.CLOSED && resolve(true));
    });
    await say(second.token, "stop", {});
    return {
      welcome: first.response,
      reply,
      heard,
      again: first.token !== second.token,
      end: JSON.parse((await closed).data),
      stopped: await gone,
    };
  }, url);
}

slowTestWith(
  "chromium",
  "EventSource in a browser: joins, hears, comes back, and stays away when it is told to",
  async (path) => {
    const elsewhere = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, blank);
    const origin = `http://127.0.0.1:${elsewhere.addr.port}`;
    for (const crossOrigin of [false, true]) {
      const app: App = new App({
        transports: [sse({ retryMs: 10 })],
        fallback: blank,
        ...(crossOrigin && { origin: [origin] }),
      }).topic("room:{id}", {
        join: (ctx) => ({ welcome: ctx.params.id }),
        on: {
          say(ctx, payload) {
            ctx.broadcast("said", payload);
            return { ok: true };
          },
          throw_me_out: (ctx) => void app.disconnect({ connection: ctx.connectionId }),
          stop: (ctx) => ctx.stop(),
        },
      });
      const server = app.listen({ port: 0, signals: false });
      const site = `http://127.0.0.1:${server.port}`;
      await using chromium = await Chromium.launch(path);
      const page = await chromium.open(crossOrigin ? origin : site);
      assertEquals(await useStream(page, `${site}/socket/sse`), {
        welcome: { welcome: "1" },
        reply: { status: "ok", response: { ok: true } },
        heard: { text: "hé" },
        again: true,
        end: { code: 1000, reason: "the channel has ended" },
        stopped: true,
      } as Story);
      assertEquals([app.system.counters.get("sse.kept_away"), app.connections.size], [1, 0]);
      await server.close();
    }
    await elsewhere.shutdown();
  },
);
