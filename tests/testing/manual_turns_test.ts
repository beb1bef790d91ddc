import { ManualTurns } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";

Deno.test("a turn comes when it is given, once", () => {
  const turns = new ManualTurns();
  let given = 0;
  turns.give();
  assertEquals([turns.requested, given], [false, 0]);
  turns.request(() => given++);
  assertEquals([turns.requested, given], [true, 0]);
  turns.give();
  turns.give();
  assertEquals([turns.requested, given], [false, 1]);
});

Deno.test("a turn may ask for the next one", () => {
  const turns = new ManualTurns();
  let given = 0;
  const again = (): void => {
    given++;
    turns.request(again);
  };
  turns.request(again);
  turns.give();
  assertEquals([turns.requested, given], [true, 1]);
});
