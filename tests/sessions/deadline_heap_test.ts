import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { type Deadline, DeadlineHeap, NOT_KEPT } from "../../src/sessions/deadline_heap.ts";

function deadline(atMs: number): Deadline {
  return { atMs, heapIndex: NOT_KEPT };
}

/** Takes all out, the earliest first. */
function drained(heap: DeadlineHeap<Deadline>): number[] {
  const order: number[] = [];
  for (let { first } = heap; first !== undefined; first = heap.first) {
    order.push(first.atMs);
    heap.delete(first);
  }
  return order;
}

Deno.test("DeadlineHeap hands out the earliest first, whatever was added and taken out before", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (steps) => {
    const heap = new DeadlineHeap<Deadline>();
    const kept: Deadline[] = [];
    for (const [atMs, takesOut] of steps) {
      if (takesOut && kept.length > 0) heap.delete(kept.splice(atMs % kept.length, 1)[0]);
      else {
        const added = deadline(atMs);
        heap.add(added);
        kept.push(added);
      }
      assertEquals(heap.size, kept.length);
    }
    assertEquals(drained(heap), kept.map(({ atMs }) => atMs).sort((a, b) => a - b));
    assertEquals(kept.every(({ heapIndex }) => heapIndex === NOT_KEPT), true);
  }));
});

Deno.test("DeadlineHeap keeps a deadline once, and forgets an unknown one without a word", () => {
  const heap = new DeadlineHeap<Deadline>();
  const [one, other] = [deadline(1), deadline(2)];
  heap.add(one);
  heap.add(one);
  heap.delete(other);
  assertEquals([heap.size, heap.first], [1, one]);
});
