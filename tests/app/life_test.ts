import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { defineTopic, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { joinFrame, messagesOf, payloadsOf } from "./messages.ts";

const Game = defineTopic("game:{id}", {
  client: { move: { payload: z.object({ by: z.number() }) }, boom: {} },
  server: { frame: z.object({ tick: z.number(), x: z.number() }), over: z.object({}) },
});

const connect = (kit: AppKit) => kit.connect("/socket/websocket?vsn=2.1.0");

function stage(notes: string[] = [], start: () => Promise<void> | void = () => {}): AppKit {
  const kit = new AppKit();
  kit.app.topic(Game, {
    life: {
      start(topic) {
        notes.push(`start ${topic.topic} ${topic.params.id}`);
        const state = { tick: 0, x: 0 };
        const ready = start();
        return ready instanceof Promise ? ready.then(() => state) : state;
      },
      tickMs: 50,
      tick(topic) {
        topic.state.tick++;
        topic.broadcast("frame", topic.state);
      },
      message(topic, message) {
        if (message === "boom") throw new Error("boom");
        topic.state.x += message as number;
      },
      stop: (topic) => void notes.push(`stop at ${topic.state.tick}`),
    },
    on: {
      move: (ctx, { by }) => ctx.tellTopic(by),
      boom: (ctx) => ctx.tellTopic("boom"),
    },
  });
  return kit;
}

Deno.test("Life: a topic ticks on a fixed grid, keeps its own state, and is told by its members", async () => {
  const notes: string[] = [];
  await using kit = stage(notes);
  const ada = await connect(kit);
  ada.send(joinFrame("game:7"));
  await kit.settle();
  messagesOf(ada);
  await kit.advance(100);
  ada.send('["1",null,"game:7","move",{"by":3}]');
  await kit.advance(900);
  const frames = payloadsOf(ada, "frame") as { tick: number; x: number }[];
  assertEquals(frames.map(({ tick }) => tick), Array.from({ length: 20 }, (_, i) => i + 1), "20 Hz");
  assertEquals([frames[1].x, frames[2].x], [0, 3]);
  ada.close();
  await kit.advance(20_000);
  assertEquals(notes[0], "start game:7 7");
  assertEquals(notes[1].startsWith("stop at"), true);
  const { timers } = kit.app.gauges;
  await kit.advance(60_000);
  assertEquals(kit.app.gauges.timers, timers, "nothing ticks any more");
});

Deno.test("Life: members wait for a start that takes its time; one that fails makes the topic unavailable", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using kit = stage([], () => promise);
  const ada = await connect(kit);
  ada.send(joinFrame("game:1"));
  await kit.advance(1_000);
  assertEquals(messagesOf(ada), []);
  resolve();
  await kit.settle();
  assertEquals(messagesOf(ada).map(([, , , event]) => event), ["phx_reply"]);

  await using broken = stage([], () => Promise.reject(new Error("no database")));
  const bob = await connect(broken);
  bob.send(joinFrame("game:1"));
  await broken.settle();
  assertEquals(messagesOf(bob).map(([, , , event]) => event), ["phx_error"]);
  bob.send(joinFrame("game:1", {}, "2"));
  await broken.settle();
  const [[, , , , payload]] = messagesOf(bob);
  const { response } = payload as { response: { reason: string; retryAfterMs: number } };
  assertEquals([response.reason, response.retryAfterMs > 0], ["topic_unavailable", true]);
});

Deno.test("Life: a throw ends the topic and its channels; the next join starts it anew", async () => {
  const notes: string[] = [];
  await using kit = stage(notes);
  const ada = await connect(kit);
  ada.send(joinFrame("game:1"));
  ada.send('["1",null,"game:1","boom",{}]');
  await kit.settle();
  assertEquals(messagesOf(ada).at(-1)?.[3], "phx_error");
  await kit.advance(1_000);
  ada.send(joinFrame("game:1", {}, "2"));
  await kit.settle();
  assertEquals(messagesOf(ada).map(([, ref]) => ref), ["2"]);
  assertEquals(notes, ["start game:1 1", "stop at 0", "start game:1 1"]);
});

Deno.test("Life: what cannot be is refused at the start", () => {
  const kit = new AppKit();
  const faults: object[] = [
    { tick() {} },
    { tickMs: 50 },
    { tick() {}, tickMs: 0 },
    { begin() {} },
    { start: 7 },
  ];
  for (const life of faults) {
    const error = assertThrows(() => kit.app.topic("x:*", { life } as never), TroupeError, "life");
    assertEquals(error.code, "invalid_handlers");
  }
});
