import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { defineTopic } from "../../mod.ts";
import { TroupeError } from "../../src/client/mod.ts";
import { phoenixV21 } from "../../src/protocol/mod.ts";
import { FakeServer } from "./fake_server.ts";

const Board = defineTopic("board", {
  requests: { ready: {} },
  server: { added: z.object({ n: z.number() }) },
  state: { schema: z.number(), initial: 0, apply: { added: (sum, { n }) => sum + n } },
});

Deno.test("what a client was made without says how to have it", async () => {
  await using server = new FakeServer();
  const board = server.connect({ use: [] }).join(Board, {});
  const wanted: [string, () => unknown][] = [
    ["withPresence", () => board.presence],
    ["withState", () => board.state],
    ["withAnswers", () => board.answer("ready", () => ({}))],
  ];
  for (const [feature, want] of wanted) {
    assertEquals(assertThrows(want, TroupeError, `use: [${feature}]`).code, "feature_missing");
  }
});

Deno.test("a client without features joins, hears, and refuses what it is asked", async () => {
  await using server = new FakeServer();
  const board = server.connect({ use: [] }).join(Board, {});
  const connection = await server.accept();
  const { joinRef } = await connection.welcome({ troupe: { epoch: "e", offset: 0 } });
  await board.joined; // for no state
  const added = board.next("added");
  connection.write(phoenixV21.push(joinRef, "board", "troupe:state", { state: 1, epoch: "e", offset: 0 }));
  connection.write(phoenixV21.publication("board", "added", { n: 2 }, { epoch: "e", offset: 1 }));
  assertEquals(await added, { n: 2 });
  const asked = { id: "1", event: "ready", payload: {} };
  connection.write(phoenixV21.push(joinRef, "board", "troupe:request", asked));
  const { event, payload } = await connection.next();
  assertEquals(event, "troupe:answer");
  assertEquals(payload, { id: "1", status: "error", response: { reason: "unknown_event" } });
});
