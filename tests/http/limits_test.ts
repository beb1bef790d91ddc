import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { AddressSet } from "../../src/http/addresses.ts";
import { addressGuard, permits, upgradeGuard, UpgradeRate } from "../../src/http/limits.ts";
import type { UpgradeRequest } from "../../src/http/middleware.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

function stage(maxTrackedAddresses = 1_000) {
  const clock = new VirtualClock();
  const counters = new Counters();
  const limits = { upgradesPerSecond: 2, upgradeBurst: 3, maxTrackedAddresses };
  return { clock, counters, limits, rate: new UpgradeRate(clock, counters, limits) };
}

Deno.test("UpgradeRate gives each address its own burst and rate", () => {
  const { clock, rate } = stage();
  for (let i = 0; i < 3; i++) assertEquals([rate.take("192.0.2.1"), rate.take("2001:db8::1")], [0, 0]);
  assertEquals([rate.take("192.0.2.1"), rate.take("2001:db8::2")], [500, 500], "a /64 is one address");
  assertEquals([rate.take("192.0.2.2"), rate.take("2001:db8:0:1::1")], [0, 0]);
  clock.step(500);
  assertEquals([rate.take("192.0.2.1"), rate.take("192.0.2.1")], [0, 500]);
});

Deno.test("UpgradeRate follows limits that change", () => {
  const { limits, rate } = stage();
  for (let i = 0; i < 4; i++) rate.take("192.0.2.1");
  limits.upgradeBurst = 4;
  assertEquals([rate.take("192.0.2.1"), rate.take("192.0.2.1")], [0, 500]);
});

Deno.test("UpgradeRate forgets addresses that may ask for a whole burst again", () => {
  const { clock, counters, rate } = stage();
  for (let i = 0; i < 100; i++) rate.take(`192.0.2.${i}`);
  assertEquals(rate.size, 100);
  clock.step(1_500);
  for (let i = 0; i < 40; i++) rate.take(`198.51.100.${i}`);
  assertEquals(rate.size, 40);
  assertEquals(counters.get("limits.addresses_evicted"), 0);
});

Deno.test("UpgradeRate remembers no more addresses than it may, and counts those that it lets go of", () => {
  const { counters, limits, rate } = stage(10);
  for (let i = 0; i < 25; i++) rate.take(`192.0.2.${i}`);
  assertEquals([rate.size, counters.get("limits.addresses_evicted")], [10, 15]);
  limits.maxTrackedAddresses = 5;
  rate.take("198.51.100.1");
  assertEquals([rate.size, counters.get("limits.addresses_evicted")], [5, 21]);
});

Deno.test("upgradeGuard refuses with 429 and Retry-After, and has no limit for what the server does not know", () => {
  const { rate } = stage();
  const guard = upgradeGuard(rate);
  const ask = (remoteAddress: string): unknown => guard.upgrade!({ remoteAddress } as UpgradeRequest);
  for (let i = 0; i < 10; i++) assertEquals(ask(""), null);
  for (let i = 0; i < 3; i++) assertEquals(ask("192.0.2.1"), null);
  assertEquals(ask("192.0.2.1"), {
    status: 429,
    reason: "too_many_upgrades",
    details: { retryAfterMs: 500 },
    headers: { "retry-after": "1" },
  });
});

Deno.test("addressGuard: a denied address stays out though it is allowed; with a list, nobody else gets in", () => {
  const denied = new AddressSet(["192.0.2.7"]);
  const none = new AddressSet();
  const some = new AddressSet(["192.0.2.0/24"]);
  const lets = (allowed: AddressSet): boolean[] =>
    ["192.0.2.1", "192.0.2.7", "198.51.100.1", ""].map((address) => permits({ denied, allowed }, address));
  assertEquals(lets(none), [true, false, true, true]);
  assertEquals(lets(some), [true, false, false, false]);
  const guard = addressGuard({ permits: (address) => permits({ denied, allowed: none }, address) });
  assertEquals(guard.upgrade!({ remoteAddress: "192.0.2.7" } as UpgradeRequest), {
    status: 403,
    reason: "address_blocked",
  });
});

Deno.test("UpgradeRate goes round: each remembered address is looked at, those that were first among them, too", () => {
  const { clock, rate } = stage();
  for (let i = 0; i < 8; i++) rate.take(`192.0.2.${i}`); // every one is looked at while it rests not yet
  clock.step(500);
  for (let i = 0; i < 3; i++) rate.take("192.0.2.7"); // this one goes on
  clock.step(1_000);
  for (let i = 0; i < 8; i++) rate.take(`198.51.100.${i}`);
  assertEquals(rate.size, 9);
  assertEquals([rate.take("192.0.2.7"), rate.take("192.0.2.7")], [0, 500], "it is remembered");
});
