/** The load that measures how late readers get what is published, while others read nothing. */

import type { Connections } from "../load/connections.ts";
import { DIGITS } from "../load/template.ts";
import {
  ask,
  type DelayContender,
  type DelayOrder,
  type Delays,
  openMembers,
  Pace,
  Publisher,
} from "./orders.ts";

/** The deliveries of one contender. */
class Course {
  readonly contender: DelayContender;
  readonly publisher: Publisher;
  readonly #members: Connections;
  readonly #sentMs: number[] = [];
  readonly #p50Ms: number[] = [];
  readonly #p99Ms: number[] = [];
  #delaysMs: number[] = [];
  #arrived = 0;
  #deliveries = 0;

  constructor(contender: DelayContender, { readers, payloadBytes }: DelayOrder) {
    this.contender = contender;
    this.publisher = new Publisher(contender, payloadBytes);
    const numberAt = `[null,null,"${contender.topic}","said",{"text":"`.length;
    const looked = new Set<unknown>();
    this.#members = openMembers(contender, readers + contender.others, false, (member, bytes, start) => {
      let number = 0;
      for (let i = start + numberAt; i < start + numberAt + DIGITS; i++) {
        number = number * 10 + bytes[i] - 0x30;
      }
      if (number !== member.expected++) throw new Error(`Expected ${member.expected - 1}, got ${number}`);
      this.#arrived++;
      if (looked.has(member)) this.#delaysMs.push(performance.now() - this.#sentMs[number]);
    });
    for (const member of this.#members.all.slice(0, readers)) looked.add(member);
    if (contender.stalled > 0) openMembers(contender, contender.stalled, true, () => {}); // nobody waits for these
  }

  publish(): void {
    this.#sentMs.push(performance.now());
    this.publisher.publish();
  }

  wait(timeoutMs: number): void {
    this.#members.wait(timeoutMs);
  }

  get complete(): boolean {
    return this.#arrived === this.publisher.count * this.#members.all.length;
  }

  endRound(warmUp: boolean): void {
    const sorted = Float64Array.from(this.#delaysMs).sort();
    this.#delaysMs = [];
    if (warmUp) return;
    this.#deliveries += sorted.length;
    this.#p50Ms.push(sorted[Math.ceil(sorted.length * 0.5) - 1]);
    this.#p99Ms.push(sorted[Math.ceil(sorted.length * 0.99) - 1]);
  }

  async result(): Promise<Delays> {
    const state = await ask(this.contender, "state");
    return { deliveries: this.#deliveries, p50Ms: this.#p50Ms, p99Ms: this.#p99Ms, state };
  }
}

/** How long to wait for what is under way at the end of a round, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 30_000;

const order = JSON.parse(Deno.args[0]) as DelayOrder;
const courses = order.contenders.map((contender) => new Course(contender, order));
for (const { contender } of courses) {
  if (contender.stalled > 0) await ask(contender, "stall?bytes=65536"); // as much as the engine lets it hold
}

function runRound(durationMs: number): void {
  const pace = new Pace(order.perSecond);
  const endMs = performance.now() + durationMs;
  let turn = 0;
  while (performance.now() < endMs) {
    if (pace.isDue()) courses[++turn % courses.length].publish();
    // Whose turn it is has something under way; the others, only if they were very late.
    for (const [i, course] of courses.entries()) course.wait(i === turn % courses.length ? 1 : 0);
  }
  while (courses.some(({ complete }) => !complete)) {
    if (performance.now() > endMs + PATIENCE_MS) throw new Error("Not everything was delivered");
    for (const course of courses) course.wait(1);
  }
}

runRound(order.warmUpMs);
for (const course of courses) course.endRound(true);
for (let round = 0; round < order.rounds; round++) {
  runRound(order.roundMs);
  for (const course of courses) course.endRound(false);
}
console.log(JSON.stringify(await Promise.all(courses.map((course) => course.result()))));
Deno.exit(0);
