// Runs examples/seats.ts as its clients see it.
import { assertEquals, assertRejects } from "@std/assert";
import app, { Seats } from "../../examples/seats.ts";
import { testKit } from "../../src/testing/mod.ts";

Deno.test("examples/seats.ts: a seat is booked once; who was away gets what it has missed", async () => {
  await using kit = testKit(app, { seed: 1 });
  const [ada, bob] = [await kit.connect(), await kit.connect()];
  const seats = await ada.join(Seats, { show: "tonight" });
  const others = await bob.join(Seats, { show: "tonight" });
  assertEquals(seats.presence.size, 2);
  await bob.drop();
  assertEquals(await seats.send("book", { seat: "A1" }), { booked: 1 });
  await assertRejects(() => seats.send("book", { seat: "A1" }));
  assertEquals(others.state, {});
  await bob.reconnect();
  assertEquals(others.recovery, { outcome: "recovered", gap: null });
  assertEquals(others.state, seats.state);
  assertEquals(Object.keys(seats.state), ["A1"]);
});
