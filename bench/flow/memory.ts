/** The load that measures what readers that read nothing add to the server's memory. */

import { rssKib } from "../proc.ts";
import { type Added, ask, collect, type MemoryOrder, openMembers, Pace, Publisher } from "./orders.ts";

/** How often the memory is looked at. */
const EVERY_MS = 500;

/** How long those that read may take at the end. */
const SETTLE_MS = 30_000;

const order = JSON.parse(Deno.args[0]) as MemoryOrder;
const reader = openMembers(order, 1, false, () => {});
const stalled = openMembers(order, order.stalled, true, () => {});
const publisher = new Publisher(order, order.payloadBytes);
let pace = new Pace(order.perSecond);
const publish = (): void => {
  while (pace.isDue()) publisher.publish();
  publisher.wait();
};

// All read, so that what a fan-out costs anyway is there before.
reader.runUntil(performance.now() + order.warmUpMs, () => {
  publish();
  stalled.wait(0);
});
stalled.runUntil(performance.now() + 200);
await collect(order);
const before = rssKib(order.serverPid);

await ask(order, "stall");
pace = new Pace(order.perSecond);
let peak = 0;
let held = 0;
const endMs = performance.now() + order.durationMs;
while (performance.now() < endMs) {
  reader.runUntil(performance.now() + EVERY_MS, publish);
  peak = Math.max(peak, rssKib(order.serverPid));
  await collect(order);
  held = Math.max(held, rssKib(order.serverPid));
}
// The one that reads may be behind for a moment: it gets what there is for it.
let state = await ask(order, "state");
const accounted = (): number => state.behind + (state.counters["connections.slow"] ?? 0);
const settleMs = performance.now() + SETTLE_MS;
while (accounted() > order.stalled && performance.now() < settleMs) {
  reader.runUntil(performance.now() + EVERY_MS);
  state = await ask(order, "state");
}
const result: Added = {
  heldKib: held - before,
  peakKib: Math.max(peak, held) - before,
  published: publisher.count,
  state,
};
console.log(JSON.stringify(result));
Deno.exit(0);
