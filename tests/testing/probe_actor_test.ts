import { Kit, ProbeActor } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";

Deno.test("a probe remembers what it was told, and take empties it", async () => {
  await using kit = new Kit();
  const probe = kit.probe<string>("ears");
  for (const word of ["one", "two"]) probe.ref.tell(word);
  assertEquals(probe.messages, []);
  await kit.settle();
  assertEquals(probe.messages, ["one", "two"]);
  assertEquals([probe.take(), probe.take()], [["one", "two"], []]);
  assertEquals(kit.system.tree().children[0].path, "/ears");
});

Deno.test("a probe can live below any actor", async () => {
  await using kit = new Kit();
  const probe = new ProbeActor<number>(kit.system);
  probe.ref.tell(1);
  await kit.settle();
  assertEquals(probe.take(), [1]);
});
