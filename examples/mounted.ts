// An app inside of another server: everything that it does not know falls through.
// #region mounted
import { App } from "@troupe/core";

const realtime = new App({
  basePath: "/realtime",
  fallback: () => new Response("the rest of the site"),
}).topic("news:*", {});

/** Serves the site and the app on one port; publishes a line of news when asked to. */
export function serve(port: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, (request, info) => {
    if (new URL(request.url).pathname !== "/publish") return realtime.fetch(request, info);
    realtime.broadcast("news:today", "line", { text: "something has happened" });
    return new Response("published");
  });
}
// #endregion

/** Ends the app behind the server. */
export const close = (): Promise<void> => realtime.close();
