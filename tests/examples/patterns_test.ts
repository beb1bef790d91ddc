// Runs examples/patterns.ts as the published client meets it.
import { assertEquals, assertRejects } from "@std/assert";
import app from "../../examples/patterns.ts";
import { join, next, PhoenixStage } from "../app/phoenix_client.ts";

Deno.test("examples/patterns.ts: one channel hears of all rooms of its own team, and of no other", async () => {
  await using stage = new PhoenixStage(app);
  const [ada, bob] = [
    await stage.connected({ params: { name: "ada" } }),
    await stage.connected({ params: { name: "bob" } }),
  ];
  const desk = ada.channel("team:*");
  await join(desk);
  const heard = next(desk, "troupe:matched");
  await assertRejects(() =>
    join(bob.channel("team:blue:den")).catch((reason) => Promise.reject(new Error(reason.reason)))
  );
  const den = bob.channel("team:red:den");
  await join(den);
  den.push("say", { text: "not for ada" });
  const opened = ada.channel("team:blue:new");
  await join(opened);
  opened.push("say", { text: "hello" });
  assertEquals(await heard, { topic: "team:blue:new", event: "said", payload: { text: "hello" } });
});
