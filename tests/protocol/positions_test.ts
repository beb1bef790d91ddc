import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type ClientMessage, MAX_POSITIONS, Positions } from "../../src/protocol/positions.ts";

const TOPIC = "room:1";

/** A socket that has sent its join, and what is delivered over it: the offsets, or the events without one. */
function joining(positions = new Positions(), ref = "1", topic = TOPIC) {
  const delivered: (number | string)[] = [];
  const take = (message: Partial<ClientMessage>, offset: unknown = null): void =>
    positions.deliver(
      { join_ref: null, ref: null, topic, event: "said", payload: {}, ...message },
      offset,
      ({ event }, at) => void delivered.push(at ?? event),
    );
  const joined = (troupe: object = {}): void =>
    take({ join_ref: ref, ref, event: "phx_reply", payload: { status: "ok", response: { troupe } } });
  positions.sent({ join_ref: ref, ref, topic, event: "phx_join", payload: {} });
  return { positions, delivered, take, joined };
}

Deno.test("a join's answer says where the client stands, and publications move it on", () => {
  const { positions, delivered, take, joined } = joining();
  assertEquals(positions.standing("room:2"), undefined);
  joined({ epoch: "e", offset: 7, connection: "c" });
  assertEquals(positions.standing(TOPIC), { epoch: "e", offset: 7, connection: "c" });
  take({}, 8);
  take({ event: "typing" });
  assertEquals(delivered, ["phx_reply", 8, "typing"]);
  assertEquals(positions.resume(TOPIC, { last: 5 }), {
    troupe: { epoch: "e", offset: 8, last: 5, connection: "c" },
  });
});

Deno.test("where nothing is known, nothing is asked for but the newest", () => {
  const { positions } = joining();
  assertEquals(positions.resume(TOPIC), {});
  assertEquals(positions.resume(TOPIC, { last: 5 }), { troupe: { last: 5 } });
  assertEquals(positions.resume("room:2"), {});
});

Deno.test("whatever comes again, or out of order, is delivered once at the most, and the position never goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (offsets) => {
      const { positions, delivered, take, joined } = joining();
      joined({ epoch: "e", offset: 0 });
      let last = 0;
      for (const offset of offsets) {
        take({}, offset);
        last = Math.max(last, offset);
        assertEquals(positions.standing(TOPIC)!.offset, last);
      }
      const [, ...seen] = delivered as number[];
      assertEquals(seen, [...new Set(seen)].sort());
    }),
  );
});

Deno.test("what is published before the join is answered belongs to a join before it, and is not delivered", () => {
  const { delivered, take, joined } = joining();
  take({}, 3);
  joined({ epoch: "e", offset: 3 });
  take({}, 4);
  assertEquals(delivered, ["phx_reply", 4]);
});

Deno.test("a join after a lost connection goes on: `recovered` does not take the position back, a reset does", () => {
  const { positions, take, joined } = joining();
  joined({ epoch: "e", offset: 3 });
  take({}, 5);
  const again = joining(positions, "2");
  again.joined({ epoch: "e", offset: 5, recovery: "recovered" });
  again.take({}, 6);
  const third = joining(positions, "3");
  third.joined({ epoch: "e", offset: 5, recovery: "recovered" }); // the answer is older than what has come since
  assertEquals(positions.standing(TOPIC)!.offset, 6);
  const reset = joining(positions, "4");
  reset.joined({ epoch: "f", offset: 2, recovery: "reset" });
  assertEquals(positions.resume(TOPIC), { troupe: { epoch: "f", offset: 2 } });
});

Deno.test("a notice of what was left out moves the position on; one of an earlier join does not", () => {
  const { positions, take, joined } = joining();
  joined({ epoch: "e", offset: 3 });
  take({ join_ref: "1", event: "troupe:missed", payload: { to: 9 } });
  take({ join_ref: "0", event: "troupe:missed", payload: { to: 20 } });
  take({ join_ref: "1", event: "troupe:missed", payload: { to: "30" } });
  assertEquals(positions.standing(TOPIC)!.offset, 9);
});

Deno.test("a leave and a close forget the topic; a join that was given up keeps its place, and its answer says nothing", () => {
  const left = joining();
  left.joined({ epoch: "e", offset: 3 });
  left.positions.sent({ join_ref: "1", ref: "2", topic: TOPIC, event: "phx_leave", payload: {} });
  assertEquals(left.positions.standing(TOPIC), undefined);

  const closed = joining();
  closed.joined({ epoch: "e", offset: 3 });
  closed.take({ join_ref: "1", event: "phx_close" });
  assertEquals(closed.positions.standing(TOPIC), undefined);

  const first = joining();
  first.joined({ epoch: "e", offset: 3 });
  const givenUp = joining(first.positions, "2");
  first.positions.sent({ join_ref: "2", ref: "3", topic: TOPIC, event: "phx_leave", payload: {} });
  givenUp.joined({ epoch: "f", offset: 9 });
  assertEquals(first.positions.resume(TOPIC), { troupe: { epoch: "e", offset: 3 } });
});

Deno.test("a handler that throws has been given the message: it does not come again", () => {
  const { positions, joined, take, delivered } = joining();
  joined({ epoch: "e", offset: 0 });
  const message: ClientMessage = { join_ref: null, ref: null, topic: TOPIC, event: "said", payload: {} };
  assertThrows(
    () =>
      positions.deliver(message, 1, () => {
        throw new Error("boom");
      }),
    Error,
    "boom",
  );
  take({}, 1);
  assertEquals([delivered, positions.standing(TOPIC)!.offset], [["phx_reply"], 1]);
});

Deno.test("of several messages each is delivered, though one before it throws; the first error is thrown in the end", () => {
  const seen: unknown[] = [];
  const deliver = (message: unknown): void => {
    seen.push(message);
    if (message !== "c") throw new Error(`${message}`);
  };
  assertThrows(() => new Positions().deliverAll(["a", "b", "c"], deliver), Error, "a");
  assertEquals(seen, ["a", "b", "c"]);
});

Deno.test("what a server says that would be refused with the next join is not taken", () => {
  const offset = fc.oneof(fc.string(), fc.double(), fc.integer({ max: -1 }), fc.constant(null), fc.bigInt());
  const name = fc.oneof(fc.string({ minLength: 129 }), fc.integer(), fc.constant(null));
  fc.assert(
    fc.property(
      offset.filter((value) => !Number.isSafeInteger(value) || (value as number) < 0),
      name,
      (at, long) => {
        const { positions, joined } = joining();
        joined({ epoch: "e", offset: at, connection: long });
        joined({ epoch: long, offset: 3 });
        assertEquals(positions.resume(TOPIC), {});
      },
    ),
  );
});

Deno.test("beyond its bound, the topic that was joined longest ago is forgotten", () => {
  const positions = new Positions();
  for (let i = 0; i <= MAX_POSITIONS; i++) {
    joining(positions, `${i}`, `room:${i}`).joined({ epoch: "e", offset: 1 });
  }
  assertEquals([positions.standing("room:0"), positions.standing("room:1")?.offset], [undefined, 1]);
});
