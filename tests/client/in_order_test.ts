import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { InOrder } from "../../src/client/in_order.ts";

Deno.test("steps are done at once where nothing waits", () => {
  const done: number[] = [];
  const order = new InOrder();
  order.add(() => void done.push(1));
  order.first(() => void done.push(2));
  assertEquals(done, [1, 2]);
});

Deno.test("steps keep their order, however long each takes, and wherever they are added from", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 3 })), async (ticks) => {
      const done: number[] = [];
      const order = new InOrder();
      const take = async (n: number): Promise<void> => {
        for (let tick = 0; tick < ticks[n]; tick++) await null;
        done.push(n);
      };
      ticks.forEach((count, n) => order.add(() => count === 0 ? void done.push(n) : take(n)));
      await new Promise<void>((resolve) => order.add(resolve));
      assertEquals(done, ticks.map((_, n) => n));
    }),
  );
});

Deno.test("a step that comes first gets past those that wait, and what comes from within a step behind them", async () => {
  const done: string[] = [];
  const order = new InOrder();
  order.add(async () => {
    await null;
    order.add(() => void done.push("late"));
    order.first(() => void done.push("first"));
    done.push("slow");
  });
  order.add(() => void done.push("waiting"));
  await new Promise<void>((resolve) => order.add(resolve));
  order.add(() => void done.push("end"));
  assertEquals(done, ["slow", "first", "waiting", "late", "end"]);
});
