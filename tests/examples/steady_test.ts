// Runs examples/steady.ts as the published client meets it, over long-poll.
import { assertEquals } from "@std/assert";
import { LongPoll, Socket } from "phoenix";
import app from "../../examples/steady.ts";

Deno.test("examples/steady.ts: a long-poll client that drops comes back to its session, and is told what it may send", async () => {
  const server = app.listen({ port: 0, signals: false });
  const socket = new Socket(`http://127.0.0.1:${server.port}/socket`, {
    transport: LongPoll,
    authToken: "ada's token",
  });
  const limit = new Promise((resolve) =>
    socket.onMessage((message) => {
      const { event, payload } = message as { event: string; payload: unknown };
      if (event === "troupe:limit") resolve(payload);
    })
  );
  socket.connect();
  let session: string | null = null;
  let joined: (answer: unknown) => void;
  const nextJoin = (): Promise<unknown> => new Promise((resolve) => joined = resolve);
  const channel = socket.channel("prices:eu", () => ({ "troupe:session": session }));
  const first = nextJoin();
  channel.join().receive("ok", (response) => {
    const { troupe, ...answer } = response as { troupe: { session: string } };
    session = troupe.session;
    joined(answer);
  });
  assertEquals(await first, { market: "eu" });
  for (let i = 0; i < 160; i++) channel.push("nothing", {});
  assertEquals(await limit, { limit: "messages", perSecond: 50, burst: 200 });

  const second = nextJoin();
  await new Promise<void>((resolve) => socket.disconnect(resolve));
  socket.connect();
  assertEquals(await second, { market: "eu", again: true });
  await new Promise<void>((resolve) => socket.disconnect(resolve));
  await server.close();
});
