import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counters } from "../../src/base/inspect.ts";
import { InboundMeter, InboundRates } from "../../src/sessions/inbound_meter.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

function stage(given: Partial<ReturnType<typeof defaults>> = {}) {
  const clock = new VirtualClock();
  const counters = new Counters();
  const limits = { ...defaults(), ...given };
  const rates = new InboundRates(limits);
  const meter = new InboundMeter({
    clock,
    counters,
    limits,
    rates,
    recent: {
      get recentMs() {
        return Math.floor(clock.elapsedMs() / 100) * 100;
      },
    },
  });
  return { clock, counters, limits, meter, rates };
}

function defaults() {
  return {
    messagesPerSecond: 10,
    messageBurst: 8,
    joinsPerSecond: 1,
    joinBurst: 4,
    bytesPerSecond: 100,
    byteBurst: 1_000,
    maxThrottledMessages: 3,
  };
}

/** The stages that `count` messages meet. */
function say(meter: InboundMeter, count: number, isControl = false): (string | null)[] {
  return Array.from({ length: count }, () => meter.message(false, isControl)?.stage ?? null);
}

Deno.test("InboundMeter: messages are warned of once, then throttled, then the connection is to be closed", () => {
  const { meter, counters } = stage();
  const through = [null, null, null, null, null, null];
  assertEquals(say(meter, 13), [
    ...through,
    "warn",
    null,
    "throttle",
    "throttle",
    "throttle",
    "close",
    "close",
  ]);
  assertEquals(counters.snapshot(), {
    "limits.messages.closed": 2,
    "limits.messages.throttled": 3,
    "limits.messages.warned": 1,
  });
});

Deno.test("InboundMeter says how long to wait, and who waits is let through", () => {
  const { meter, clock } = stage();
  say(meter, 8);
  const refused = meter.message(false, false)!;
  assertEquals([refused.limit, refused.stage, refused.retryAfterMs], ["messages", "throttle", 100]);
  clock.step(refused.retryAfterMs);
  assertEquals(meter.message(false, false), null);
});

Deno.test("InboundMeter: who gets calm is warned again, and its refusals are forgotten", () => {
  const { meter, clock } = stage();
  assertEquals(say(meter, 11).slice(-3), ["throttle", "throttle", "throttle"]);
  clock.step(900);
  assertEquals(say(meter, 9).filter((each) => each !== null), ["warn", "throttle"]);
});

Deno.test("InboundMeter: who never gets calm is closed in the end, however slowly it goes on", () => {
  const { meter, clock } = stage();
  say(meter, 8);
  const stages: (string | null)[] = [];
  for (let i = 1; i <= 20; i++) {
    clock.step(i * 75); // faster than the limit by a third
    stages.push(...say(meter, 1));
  }
  assertEquals(stages.filter((each) => each === "throttle").length, 3);
  assertEquals(stages.includes("close"), true);
});

Deno.test("InboundMeter lets heartbeats and leaves through, and counts them: too many close the connection", () => {
  const { meter, counters } = stage();
  say(meter, 8);
  assertEquals(say(meter, 4, true), [null, null, null, "close"]);
  assertEquals(counters.get("limits.messages.let_through"), 3);
  assertEquals(counters.get("limits.messages.closed"), 1);
});

Deno.test("InboundMeter: joins have a limit of their own", () => {
  const { meter, counters } = stage({ messageBurst: 100 });
  const joins = Array.from({ length: 5 }, () => meter.message(true, false));
  assertEquals(joins.map((each) => each?.stage ?? null), [null, null, null, "warn", "throttle"]);
  assertEquals([joins[4]!.limit, joins[4]!.retryAfterMs], ["joins", 1_000]);
  assertEquals(say(meter, 3), [null, null, null], "other messages go on");
  assertEquals(counters.get("limits.joins.throttled"), 1);
});

Deno.test("InboundMeter: a frame with too many bytes refuses all that is in it", () => {
  const { meter, counters } = stage({ messageBurst: 100 });
  assertEquals(meter.frame(700), null);
  assertEquals(meter.frame(100)?.stage, "warn");
  assertEquals(meter.frame(500), null, "its messages are told");
  assertEquals(say(meter, 2), ["throttle", "throttle"]);
  assertEquals(meter.frame(100), null);
  assertEquals(say(meter, 1), [null]);
  assertEquals(counters.get("limits.bytes.throttled"), 2);
});

Deno.test("InboundMeter: limits that change hold from the next message on", () => {
  const { meter, limits, rates } = stage();
  say(meter, 8);
  limits.messageBurst = 20;
  rates.follow(limits);
  assertEquals(say(meter, 5), [null, null, null, null, null]);
  limits.messageBurst = 2;
  rates.follow(limits);
  assertEquals(say(meter, 1), ["throttle"]);
});

Deno.test("InboundMeter never lets more through than the burst and the rate allow", () => {
  const steps = fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 20 })), { maxLength: 30 });
  fc.assert(fc.property(steps, (asked) => {
    const { meter, clock } = stage({ maxThrottledMessages: 1e6 });
    let through = 0;
    for (const [afterMs, count] of asked) {
      clock.step(clock.elapsedMs() + afterMs);
      through += say(meter, count).filter((each) => each !== "throttle").length;
      // The time that is free to read is up to 100 ms old: so much more may go through, once.
      assert(through <= 8 + (clock.elapsedMs() + 100) / 100 + 1e-6);
    }
  }));
});
