import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  BroadcastPort,
  MAX_WAITING,
  type PortMessage,
  WINDOW,
} from "../../../src/client/tabs/broadcast_port.ts";

/** Two ends, and what is on its way between them. */
class Way {
  readonly onWay: PortMessage[] = [];
  readonly heard: Record<string, unknown[]> = { a: [], b: [] };
  readonly ended: [end: string, byOther: boolean][] = [];
  readonly a: BroadcastPort = this.#end("a", "b");
  readonly b: BroadcastPort = this.#end("b", "a");
  /** The most data that was on its way at one time. */
  most = 0;

  #end(own: string, other: string): BroadcastPort {
    const post = (message: PortMessage): void => {
      this.onWay.push(message);
      this.most = Math.max(this.most, this.onWay.filter(({ number }) => number > 0).length);
    };
    const end = new BroadcastPort(other, post, (byOther) => this.ended.push([own, byOther]));
    end.onmessage = ({ data }) => this.heard[own].push(data);
    return end;
  }

  /** Lets one message, or all of them, arrive. */
  arrive(count = Infinity): void {
    for (let i = 0; i < count && this.onWay.length > 0; i++) {
      const message = this.onWay.shift() as PortMessage;
      (message.to === "a" ? this.a : this.b).receive(message);
    }
  }
}

Deno.test("a broadcast port brings everything both ways, in order, with a bounded number of messages on the way", () => {
  const anyStep = fc.record({
    from: fc.constantFrom("a" as const, "b" as const),
    count: fc.nat({ max: 100 }),
    arrive: fc.nat({ max: 150 }),
  });
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      const way = new Way();
      const sent = { a: 0, b: 0 };
      for (const { from, count, arrive } of steps) {
        for (let i = 0; i < count; i++) way[from].postMessage(sent[from]++);
        way.arrive(arrive);
      }
      way.arrive();
      assertEquals(way.heard.b, Array.from({ length: sent.a }, (_, n) => n));
      assertEquals(way.heard.a, Array.from({ length: sent.b }, (_, n) => n));
      assert(way.most <= 2 * WINDOW);
      assertEquals(way.ended, []);
    }),
  );
});

Deno.test("a message that is lost ends the port: there is no gap", () => {
  const way = new Way();
  for (const n of [1, 2, 3]) way.a.postMessage(n);
  way.onWay.splice(1, 1);
  way.arrive();
  way.a.postMessage(4);
  assertEquals([way.heard.b, way.ended], [[1], [["b", true], ["a", true]]]);
});

Deno.test("who closes tells the other side, once; nothing goes afterwards", () => {
  const way = new Way();
  way.a.postMessage(1);
  way.a.close();
  way.a.close();
  way.a.postMessage(2);
  way.arrive();
  way.b.postMessage(3);
  assertEquals([way.heard, way.ended], [{ a: [], b: [1] }, [["a", false], ["b", true]]]);
});

Deno.test("a port whose other side takes nothing is ended before it holds too much", () => {
  const way = new Way();
  for (let n = 0; n < WINDOW + MAX_WAITING; n++) way.a.postMessage(n);
  assertEquals(way.ended, []);
  way.a.postMessage("one more");
  assertEquals(way.ended, [["a", true]]);
});
