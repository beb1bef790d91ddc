// One channel for many topics: a support desk hears of every room of its own team, those included that open later.
// #region app
import { App, joined, refuse } from "@troupe/core";

const teams = new Map([["ada", "blue"], ["bob", "red"]]); // your own: a database, claims of a token, …

const app = new App({ authenticate: ({ params }) => teams.has(params.name) ? { id: params.name } : null })
  .topic("team:{team}:{room}", {
    join: (ctx) => ctx.params.team === teams.get(ctx.user.id) || refuse({ reason: "not_your_team" }),
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
  })
  .patterns("team:*", { // clients may join patterns within this one: team:*, team:{team}:lobby, …
    join: (ctx) => joined({ team: teams.get(ctx.user.id) }),
    match: (ctx, topic) => topic.startsWith(`team:${ctx.state.team}:`), // asked once for each topic
  });

export default app;
// #endregion
