// An app for bad networks and impolite clients: every transport, lifetimes, sessions, limits, slow consumers.
// #region app
import { App, latest, longpoll, sse, websocket } from "@troupe/core";

const users = new Map([["ada's token", "ada"], ["bob's token", "bob"]]); // your own: JWTs, cookies, …

const app = new App({
  authenticate({ token }) {
    const id = users.get(token ?? "");
    return id === undefined ? null : { user: { id }, expiresAt: Date.now() + 3_600_000 };
  },
  transports: [websocket, longpoll({ windowMs: 20_000 }), sse()], // all three are on by default
  limits: { graceMs: 30_000, messagesPerSecond: 50, messageBurst: 200 },
}).topic("prices:{market}", {
  slow: latest({ key: (_event, { symbol }: { symbol: string }) => symbol }),
  join: (ctx) => ({ market: ctx.params.market }),
  resumed: (ctx) => ({ market: ctx.params.market, again: true }),
});

export default app;
// #endregion
