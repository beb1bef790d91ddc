import { type Channel, Socket } from "phoenix";
import { createCodec } from "../../src/protocol/mod.ts";
import type { Random } from "../../src/base/random.ts";

/** What the answer to a join says of the history. */
interface Standing {
  readonly offset: number;
  readonly recovery?: "recovered" | "partial" | "reset";
  readonly gap?: { readonly from: number; readonly to: number };
}

/** What all listeners have been through. */
export class Tally {
  /** Numbers that were heard, and that were told to be lost. */
  heard = 0;
  told = 0;
  readonly recoveries: Record<"recovered" | "partial" | "reset", number> = {
    recovered: 0,
    partial: 0,
    reset: 0,
  };
  /** What was not as it must be; the first few. */
  readonly faults: string[] = [];

  fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text);
  }
}

/**
 * A stock `phoenix` client that speaks 2.1.0 and resumes. It expects the numbers of a series from 1 on, once, in order;
 * those that are missing have to be told: a `partial` names them, and behind a `reset` the series goes on anywhere later.
 */
export class StockListener {
  readonly #tally: Tally;
  readonly #name: string;
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #joined = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  #expected = 1;
  /** The last offset that has come, in the current history. */
  #offset = 0;
  #mayJump = false;
  #last = Infinity;

  constructor(port: number, topic: string, name: string, random: Random, tally: Tally) {
    this.#name = name;
    this.#tally = tally;
    const codec = createCodec();
    this.#socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
      vsn: "2.1.0",
      ...codec,
      // A join that a deaf cable swallows times out before the next heartbeat is missed, or behind it.
      timeout: 300 + random.integer(600),
      heartbeatIntervalMs: 500 + random.integer(500),
      reconnectAfterMs: () => 5 + random.integer(50),
      rejoinAfterMs: () => 5 + random.integer(50),
    });
    this.#channel = this.#socket.channel(topic, () => ({ ...codec.resume(topic, { last: 5 }) }));
    this.#channel.on<{ n: number }>("said", ({ n }) => this.#hear(n));
    this.#channel.join().receive("ok", (response) => this.#begin((response as { troupe: Standing }).troupe));
    this.#socket.connect();
  }

  /** Resolves when it is a member for the first time. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Resolves when it has heard, or been told of, all numbers up to `last`. */
  upTo(last: number): Promise<void> {
    this.#last = last;
    this.#look();
    return this.#done.promise;
  }

  /** Where it is, for whoever waits in vain. */
  get state(): string {
    return `${this.#name} is ${this.#channel.state} and waits for ${this.#expected}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.disconnect(resolve));
  }

  #begin({ offset, recovery, gap }: Standing): void {
    this.#joined.resolve();
    if (recovery === undefined) return;
    this.#tally.recoveries[recovery]++;
    if (recovery === "reset") this.#mayJump = true;
    if (recovery === "partial") {
      // Of what is lost, something may have come over the connection on which an earlier answer was late.
      const { from, to } = gap!;
      if (from > this.#offset + 1) {
        this.#tally.fault(`${this.#name} is told of a gap from ${from} at ${this.#offset}`);
      }
      const lost = Math.max(to - this.#offset, 0);
      this.#tally.told += lost;
      this.#expected += lost;
    }
    this.#offset = recovery === "reset" ? offset : Math.max(this.#offset, offset);
    this.#look();
  }

  #hear(n: number): void {
    if (this.#mayJump && n > this.#expected) {
      this.#tally.told += n - this.#expected;
      this.#expected = n;
    }
    this.#mayJump = false;
    if (n !== this.#expected) this.#tally.fault(`${this.#name} heard ${n} instead of ${this.#expected}`);
    else this.#tally.heard++;
    this.#expected = n + 1;
    this.#offset++;
    this.#look();
  }

  #look(): void {
    if (this.#expected > this.#last) this.#done.resolve();
  }
}
