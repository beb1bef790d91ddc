// Runs examples/game.ts: its rate on a virtual clock, and by the clock of a real server.
import { assert, assertEquals } from "@std/assert";
import { Socket } from "phoenix";
import app from "../../examples/game.ts";
import { testKit } from "../../src/testing/mod.ts";

interface FrameOf {
  readonly tick: number;
  readonly at: Record<string, number>;
}

Deno.test("examples/game.ts: 20 frames a second, in which ships move as they are steered", async () => {
  await using kit = testKit(app, { seed: 1 });
  const ada = await kit.connect();
  const [contract] = kit.app.contracts;
  const arena = await ada.join(contract as never, { id: "1" } as never) as unknown as {
    send(event: string, payload: object): Promise<unknown>;
    take(event: string): { payload: FrameOf }[];
  };
  await kit.advance(10_000);
  const frames = arena.take("frame").map(({ payload }) => payload);
  assertEquals(frames.length, 200);
  assertEquals(frames.map(({ tick }) => tick), Array.from({ length: 200 }, (_, i) => i + 1));
  void arena.send("steer", { dx: 1 });
  await kit.advance(500);
  assertEquals(Object.values(arena.take("frame").at(-1)!.payload.at), [10]);
});

Deno.test("examples/game.ts: a real server holds the rate, however long the ticks before took", async () => {
  const server = app.listen({ port: 0, signals: false });
  const socket = new Socket(`ws://127.0.0.1:${server.port}/socket`);
  socket.connect();
  const arrivals: number[] = [];
  const channel = socket.channel("arena:1");
  await new Promise<void>((resolve) => {
    channel.on("frame", () => {
      if (arrivals.push(performance.now()) === 41) resolve();
    });
    channel.join();
  });
  // The grid does not drift: 40 periods of 50 ms take as long as 40 periods, give or take how late two of them are.
  const perPeriod = (arrivals[40] - arrivals[0]) / 40;
  assert(perPeriod > 45, `${perPeriod} ms`);
  await new Promise<void>((resolve) => socket.disconnect(resolve));
  await server.close();
});
