/**
 * What must not compile, and what must be inferred. Each `@ts-expect-error` is a test: `deno check` fails where the
 * line below it compiles. Nothing here runs but the last line.
 */

import { z } from "zod";
import {
  App,
  bytes,
  type Component,
  defineTopic,
  joined,
  type LeaveReason,
  refuse,
  type TopicHandlers,
} from "../../mod.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only where `value` has exactly the type `T`. */
function is<T>(): <V>(value: V, ..._claim: Same<V, T> extends true ? [] : [never]) => void {
  return () => {};
}

const Room = defineTopic("room:{id}:{part}", {
  join: { payload: z.object({ nickname: z.string() }), reply: z.object({ motd: z.string() }) },
  client: {
    say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) },
    draw: { payload: bytes() },
  },
  server: { said: z.object({ id: z.string(), text: z.string() }), drawn: bytes() },
});

const Quiet = defineTopic("quiet:{id}", { client: { nudge: {} }, server: { nudged: z.object({}) } });

const Present = defineTopic("present:{id}", {
  presence: z.object({ name: z.string(), since: z.string().transform(Number) }),
});

/** Never called: what is in here only has to compile. */
function compiles(): void {
  const app = new App({ authenticate: () => ({ id: "u", admin: true }) });

  // Patterns that clients join: the parameters are those of the registration; nobody publishes there.
  app.patterns("team:{team}:*", {
    join(ctx) {
      is<string>()(ctx.params.team);
      is<boolean>()(ctx.user.admin);
      // @ts-expect-error: a pattern is no topic to publish in
      void ctx.broadcast;
      return joined({ rooms: new Set<string>() }, { motd: "welcome" });
    },
    match(ctx, topic, params) {
      is<string>()(topic);
      is<string>()(params.team);
      is<Set<string>>()(ctx.state.rooms);
      // @ts-expect-error: the pattern has no such parameter
      void params.room;
      // @ts-expect-error: nothing is said while a topic commits
      void ctx.push;
      return ctx.state.rooms.has(topic);
    },
    info(ctx) {
      ctx.state.rooms.clear();
      ctx.rematch();
      ctx.push("news", {});
      // @ts-expect-error: a pattern is no topic to publish in
      void ctx.broadcastBytes;
    },
  });
  // @ts-expect-error: match is asked for each topic, and has to be there
  app.patterns("team:*", {});
  // @ts-expect-error: match answers at once
  app.patterns("team:*", { match: () => Promise.resolve(true) });

  // The user, the parameters and the payloads are typed.
  app.topic(Room, {
    join(ctx, payload) {
      is<string>()(ctx.params.id);
      is<string>()(ctx.params.part);
      is<boolean>()(ctx.user.admin);
      is<string>()(payload.nickname);
      // @ts-expect-error: the pattern has no such parameter
      void ctx.params.name;
      // @ts-expect-error: the user has no such field
      void ctx.user.name;
      // @ts-expect-error: the payload has no such field
      void payload.nick;
      // @ts-expect-error: there is no state before the join is answered
      void ctx.state;
      // @ts-expect-error: a join's reply cannot be deferred
      void ctx.defer;
      return { motd: "welcome" };
    },
    on: {
      say(ctx, payload) {
        is<string>()(payload.text);
        is<boolean>()(ctx.user.admin);
        ctx.broadcast("said", { id: "1", text: payload.text });
        ctx.broadcast("said", { id: "1", text: "" }, { except: ctx });
        ctx.broadcast("said", { id: "1", text: "" }, { except: [{ user: "u" }, { connection: "c" }, ctx] });
        ctx.broadcast("said", { id: "1", text: "" }, { only: { user: "u" } });
        ctx.broadcastBytes("drawn", new Uint8Array());
        ctx.push("said", { id: "1", text: "" });
        // @ts-expect-error: the contract has no such event
        ctx.broadcast("sayd", { id: "1", text: "" });
        // @ts-expect-error: text is missing
        ctx.broadcast("said", { id: "1" });
        // @ts-expect-error: text is a string
        ctx.broadcast("said", { id: "1", text: 7 });
        // @ts-expect-error: there is no such field
        ctx.broadcast("said", { id: "1", text: "", at: 0 });
        // @ts-expect-error: the contract has no such event
        ctx.push("saying", { id: "1", text: "" });
        // @ts-expect-error: the payload has a field less
        ctx.push("said", { text: "" });
        // @ts-expect-error: bytes are bytes
        ctx.broadcastBytes("drawn", "text");
        // @ts-expect-error: there is no such recipient
        ctx.broadcast("said", { id: "1", text: "" }, { except: { name: "u" } });
        return { id: "1" };
      },
      draw(ctx, payload) {
        is<Uint8Array<ArrayBuffer>>()(payload);
        ctx.broadcastBytes("drawn", payload, { except: ctx });
      },
    },
    leave(_ctx, reason) {
      is<LeaveReason>()(reason);
      is<LeaveReason["kind"]>()(reason.kind);
    },
  });

  // The events and replies of a contract have to be there, and right.
  // @ts-expect-error: draw has no handler
  app.topic(Room, { join: () => ({ motd: "" }), on: { say: () => ({ id: "" }) } });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    // @ts-expect-error: the contract has no event like this
    on: { say: () => ({ id: "" }), draw() {}, shout() {} },
  });
  app.topic(Room, {
    // @ts-expect-error: motd is a string
    join: () => ({ motd: 1 }),
    on: { say: () => ({ id: "" }), draw() {} },
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    // @ts-expect-error: the reply has an id
    on: { say: () => ({ no: "" }), draw() {} },
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    // @ts-expect-error: the reply is missing
    on: { say() {}, draw() {} },
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    // @ts-expect-error: the reply is missing on one of the ways
    on: { say: (_ctx, { text }) => text === "" ? undefined : { id: "" }, draw() {} },
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    // @ts-expect-error: there is no such handler
    onn: {},
  });
  app.topic(Room, {
    // @ts-expect-error: the reply that goes with a state counts, too
    join: () => joined({ n: 1 }, { motd: 1 }),
    on: { say: () => ({ id: "" }), draw() {} },
  });

  // Refusals fit everywhere, and promises.
  app.topic(Room, {
    join: async (_ctx, { nickname }) => {
      await Promise.resolve();
      return nickname === "" ? refuse({ reason: "no_name" }) : { motd: "" };
    },
    on: {
      say: (_ctx, { text }) => text === "" ? refuse({ reason: "empty" }) : Promise.resolve({ id: "" }),
      draw: () => refuse({ reason: "no" }),
    },
  });

  // The state comes from the join, and is known in every other handler.
  app.topic(Room, {
    join: (ctx, { nickname }) => joined({ nickname, since: ctx.now() }, { motd: "" }),
    on: {
      say(ctx) {
        is<string>()(ctx.state.nickname);
        is<number>()(ctx.state.since);
        ctx.state = { nickname: "other", since: 0 };
        // @ts-expect-error: the state has no such field
        void ctx.state.name;
        // @ts-expect-error: since is a number
        ctx.state = { nickname: "other", since: "now" };
        return { id: "" };
      },
      draw() {},
    },
    info(ctx, message) {
      is<string>()(ctx.state.nickname);
      is<unknown>()(message);
    },
    leave(ctx) {
      is<number>()(ctx.state.since);
    },
  });
  app.topic(Room, {
    async join(ctx, { nickname }) {
      await Promise.resolve();
      if (nickname === "") return refuse({ reason: "no_name" });
      return joined({ nickname, count: 0, user: ctx.user }, { motd: "" });
    },
    on: {
      say(ctx) {
        is<number>()(ctx.state.count);
        is<boolean>()(ctx.state.user.admin);
        ctx.state.count++;
        return { id: "" };
      },
      draw() {},
    },
    leave: (ctx) => is<string>()(ctx.state.nickname),
  });
  app.topic(Quiet, {
    join: (_ctx, payload) => joined({ open: true, asked: Object.keys(payload) }),
    on: {
      nudge(ctx) {
        is<boolean>()(ctx.state.open);
        is<string[]>()(ctx.state.asked);
      },
    },
  });
  app.topic(Quiet, {
    on: {
      nudge(ctx) {
        is<undefined>()(ctx.state);
      },
    },
  });

  // A client that goes and comes back: state, user and payload are typed, and the reply is that of the join.
  app.topic(Room, {
    join: (_ctx, { nickname }) => joined({ nickname, away: 0 }, { motd: "" }),
    on: { say: () => ({ id: "" }), draw() {} },
    suspended(ctx) {
      is<number>()(ctx.state.away);
      ctx.state.away++;
      ctx.broadcast("said", { id: "", text: "away" }, { except: ctx });
      // @ts-expect-error: the contract has no such event
      ctx.broadcast("away", {});
    },
    resumed(ctx, payload) {
      is<boolean>()(ctx.user.admin);
      is<string>()(ctx.state.nickname);
      is<string>()(payload.nickname);
      return { motd: "again" };
    },
    expired: (ctx) => is<string>()(ctx.state.nickname),
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    on: { say: () => ({ id: "" }), draw() {} },
    resumed: async (_ctx, { nickname }) => {
      await Promise.resolve();
      if (nickname === "") return refuse({ reason: "no_name" });
    },
  });
  app.topic(Room, {
    join: () => ({ motd: "" }),
    on: { say: () => ({ id: "" }), draw() {} },
    // @ts-expect-error: motd is a string
    resumed: () => ({ motd: 1 }),
  });
  app.topic(Quiet, { on: { nudge() {} }, suspended: () => {}, resumed: () => {} });

  // Without a contract: any event, any payload; the parameters are typed all the same.
  app.topic("free:{id}", {
    join: (ctx) => joined({ id: ctx.params.id, seen: 0 }),
    on: {
      anything(ctx, payload) {
        is<unknown>()(payload);
        is<string>()(ctx.params.id);
        is<number>()(ctx.state.seen);
        ctx.broadcast("whatever", payload);
        // @ts-expect-error: the pattern has no such parameter
        void ctx.params.name;
        return { fine: true };
      },
    },
    other: (ctx) => is<number>()(ctx.state.seen),
  });

  // Presence: what is known of each is typed, from the contract or not at all.
  app.topic(Present, {
    presence: {
      mode: "counted",
      onFirstJoin(topic, { key, metas }) {
        is<string>()(topic.topic);
        is<string>()(key);
        is<string>()(metas[0].name);
        is<number>()(metas[0].since);
        is<string>()(metas[0].phx_ref);
        // @ts-expect-error: the meta has no such field
        void metas[0].nick;
      },
    },
    join(ctx) {
      ctx.presence.track(ctx.user.id, { name: "Ada", since: "7" });
      // @ts-expect-error: the name is missing
      ctx.presence.track(ctx.user.id, { since: "7" });
      // @ts-expect-error: since goes in as text
      ctx.presence.update(ctx.user.id, { name: "Ada", since: 7 });
      // @ts-expect-error: a key is a text
      ctx.presence.track(7, { name: "Ada", since: "7" });
      ctx.presence.untrack();
      is<readonly string[]>()(ctx.presence.keys);
    },
  });
  app.topic("free:{id}", {
    presence: {},
    join: (ctx) => ctx.presence.track(ctx.params.id, { anything: [1] }),
    on: {
      // @ts-expect-error: a meta is an object
      rename: (ctx) => ctx.presence.update("u", "Ada"),
    },
  });
  // @ts-expect-error: there is no such mode
  app.topic("free:{id}", { presence: { mode: "all" } });
  // @ts-expect-error: there is no such option
  app.topic("free:{id}", { presence: { maxKey: 1 } });

  // Components: the state comes from open.
  app.component("/count", {
    open: (conn) => {
      is<boolean>()(conn.user.admin);
      return { count: 0 };
    },
    message(conn, data) {
      is<string | Uint8Array<ArrayBuffer>>()(data);
      conn.state.count++;
      is<number>()(conn.state.count);
      conn.send("text");
      conn.send(new Uint8Array());
      // @ts-expect-error: the state has no such field
      void conn.state.name;
      // @ts-expect-error: neither text nor bytes
      conn.send({ json: true });
    },
    close(conn, code, reason) {
      is<number>()(conn.state.count);
      is<number>()(code);
      is<string>()(reason);
    },
    error: (conn, error) => {
      is<number>()(conn.state.count);
      is<unknown>()(error);
    },
  });
  app.component("/async", {
    open: async () => {
      await Promise.resolve();
      return { ready: true };
    },
    message: (conn) => is<boolean>()(conn.state.ready),
  });
  app.component("/echo", {
    message(conn, data) {
      is<undefined>()(conn.state);
      conn.send(data);
    },
  });
  // @ts-expect-error: there is no such handler
  app.component("/typo", { onMessage() {} });

  // The user comes from `authenticate`, whatever way it answers.
  is<App<{ id: string }>>()(new App({ authenticate: () => ({ id: "u" }) }));

  // The same where it says for how long, and by which token.
  const later = new Date(0);
  is<App<{ id: string; name: string }>>()(
    new App({ authenticate: () => ({ user: { id: "u", name: "Ada" }, expiresAt: later, tokenId: "t" }) }),
  );
  is<App<{ id: string; name: string }>>()(
    new App({
      authenticate: ({ token }) =>
        token === null ? null : { user: { id: "u", name: "Ada" }, expiresAt: 5, tokenId: undefined },
    }),
  );
  is<App<{ id: string; admin: boolean }>>()(
    new App({
      async authenticate({ token }) {
        if (token === "busy") return new Response(null, { status: 429 });
        const identity = await Promise.resolve({ user: { id: "u", admin: true }, expiresAt: 5, claims: {} });
        return token === null ? null : identity;
      },
    }),
  );
  // @ts-expect-error: an instant is a Date or a number
  new App({ authenticate: () => ({ user: { id: "u" }, expiresAt: "tomorrow" }) });
  // @ts-expect-error: a user has an id
  new App({ authenticate: () => ({ user: { name: "u" } }) });
  is<App<{ id: string; name: string }>>()(
    new App({ authenticate: ({ token }) => token === null ? null : { id: token, name: token } }),
  );
  is<App<{ id: string; admin: boolean }>>()(
    new App({
      async authenticate({ cookies, params, request, remoteAddress }) {
        await Promise.resolve();
        is<string>()(cookies.session);
        is<string>()(params.token);
        is<Request>()(request);
        is<string>()(remoteAddress);
        if (params.slow === "yes") return new Response("no", { status: 429 });
        return cookies.session === undefined ? null : { id: cookies.session, admin: false };
      },
    }),
  );
  is<App>()(new App());
  // @ts-expect-error: a user has an id
  new App({ authenticate: () => ({ name: "u" }) });
  // @ts-expect-error: an id is a string
  new App({ authenticate: () => ({ id: 7 }) });
  // @ts-expect-error: there is no such option
  new App({ autenticate: () => null });
  // @ts-expect-error: there is no such limit
  new App({ limits: { maxChanels: 7 } });
  // @ts-expect-error: a socket has no such limit
  app.socket("/other", { limits: { maxTopics: 7 } });

  // Outside of handlers.
  is<boolean>()([...app.connections][0].user.admin);
  app.send({ user: "u" }, "raw");
  app.send({ topic: "room:1:2" }, "room:1:2", "said", { id: "1", text: "" });
  app.disconnect("all");
  // @ts-expect-error: one of user, connection, topic
  app.disconnect({ name: "u" });
  // @ts-expect-error: who?
  app.send("everybody", "raw");

  // Handlers and components can stand by themselves.
  const handlers: TopicHandlers<typeof Quiet, { id: string; admin: boolean }, undefined> = {
    on: { nudge() {} },
  };
  const echo: Component = { message: (conn, data) => conn.send(data) };
  app.topic(Quiet, handlers).component("/echo2", echo);
  class Chat implements Component<number> {
    sent = 0;
    open(): number {
      return 1;
    }
  }
  app.component("/class", new Chat());
}

Deno.test("What must not compile does not (see the checks of this file)", () => void compiles);
