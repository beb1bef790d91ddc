import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { defineTopic, joined, TroupeError } from "../../mod.ts";
import { AppKit, type FakeConnection } from "../../src/testing/mod.ts";
import { joinFrame, messagesOf } from "./messages.ts";

const Hand = defineTopic("hand:{id}", {
  join: { payload: z.object({ seat: z.number() }) },
  client: { deal: {}, plain: {} },
  server: { dealt: z.object({ seat: z.number(), card: z.string() }), said: z.object({ n: z.number() }) },
});

Deno.test("Outgoing: a filter changes, or leaves out, what each member gets; all else is shared", async () => {
  await using kit = new AppKit();
  kit.app.topic(Hand, {
    history: { size: 10, ttlMs: 60_000 },
    join: (_ctx, { seat }) => joined({ seat }, undefined),
    on: {
      deal(ctx) {
        ctx.broadcast("said", { n: 1 });
        for (const seat of [1, 2, 3]) ctx.broadcast("dealt", { seat, card: `card ${seat}` });
        ctx.broadcast("said", { n: 2 });
      },
      plain: (ctx) => ctx.broadcast("said", { n: 3 }),
    },
    outgoing: {
      dealt(ctx, { seat, card }) {
        if (seat === 3) return undefined;
        return { seat, card: seat === ctx.state.seat ? card : "hidden" };
      },
    },
  });
  const clients = [];
  for (const seat of [1, 2]) {
    const client = await kit.connect("/socket/websocket?vsn=2.1.0");
    client.send(joinFrame("hand:1", { seat }));
    await kit.settle();
    messagesOf(client);
    clients.push(client);
  }
  clients[0].send('["1",null,"hand:1","deal",{}]');
  await kit.settle();
  const seen = (seat: number) => [
    ["said", { n: 1 }, 1],
    ["dealt", { seat: 1, card: seat === 1 ? "card 1" : "hidden" }, 2],
    ["dealt", { seat: 2, card: seat === 2 ? "card 2" : "hidden" }, 3],
    ["said", { n: 2 }, 5],
  ];
  const eventsOf = (client: FakeConnection) =>
    messagesOf(client).filter(([, , , event]) => event !== "phx_reply").map((message) => message.slice(3));
  assertEquals(clients.map(eventsOf), [
    seen(1),
    seen(2),
  ]);
  const late = await kit.connect("/socket/websocket?vsn=2.1.0");
  late.send(joinFrame("hand:1", { seat: 2, troupe: { offset: 0 } }));
  await kit.settle();
  assertEquals(eventsOf(late), seen(2), "the replay, too");
});

Deno.test("Outgoing: a filter that throws ends its member's channel alone", async () => {
  await using kit = new AppKit();
  kit.app.topic("hand:{id}", {
    join: (_ctx, payload) => joined(payload, undefined),
    on: { deal: (ctx) => ctx.broadcast("dealt", {}) },
    outgoing: {
      dealt(ctx, payload) {
        if ((ctx.state as { bad?: boolean }).bad) throw new Error("bad");
        return payload;
      },
    },
  });
  const [good, bad] = [
    await kit.connect("/socket/websocket?vsn=2.1.0"),
    await kit.connect("/socket/websocket?vsn=2.1.0"),
  ];
  good.send(joinFrame("hand:1"));
  bad.send(joinFrame("hand:1", { bad: true }));
  await kit.settle();
  messagesOf(good), messagesOf(bad);
  good.send('["1",null,"hand:1","deal",{}]');
  await kit.settle();
  assertEquals(messagesOf(good).map(([, , , event]) => event), ["dealt"]);
  assertEquals(messagesOf(bad).map(([, , , event]) => event), ["phx_error"]);
});

Deno.test("Outgoing: a filter for what is never sent is refused at the start", () => {
  const kit = new AppKit();
  const on = { deal() {}, plain() {} };
  for (const outgoing of [7, { nothing: () => undefined }, { dealt: 7 }]) {
    const error = assertThrows(() => kit.app.topic(Hand, { on, outgoing } as never), TroupeError, "outgoing");
    assertEquals(error.code, "invalid_handlers");
  }
});
