import { actor, stop } from "../../actors/behavior.ts";
import type { Ref } from "../../actors/ref.ts";
import { child, supervisor } from "../../actors/supervisor.ts";
import type { Strategy } from "../../actors/family.ts";
import type { System } from "../../actors/system.ts";
import type { Random } from "../../base/random.ts";
import type { Letter, Letters } from "./letters.ts";
import type { World } from "./world.ts";

/** What a clerk is told. */
type Errand =
  | (Letter & { readonly number: number })
  | { readonly letter?: undefined; readonly do: "close" | "open" | "fail" | "stop" }
  | { readonly letter?: undefined; readonly do: "nap"; readonly ms: number };

interface Desk {
  isClosed: boolean;
}

const CLERKS = 3;
const STRATEGIES: readonly Strategy[] = ["one-for-one", "one-for-all", "rest-for-one"];

/**
 * Actors of an application's own, under a supervisor: they put letters aside and take them up again, nap, fail, and are
 * restarted. Each reads its letters in the order in which they were sent, whatever becomes of it meanwhile.
 */
export class Office {
  readonly #world: World;
  readonly #system: System;
  readonly #letters: Letters;
  readonly #wait: (ms: number) => Promise<void>;
  /** The last letter that was read, by clerk. */
  readonly #read = new Map<string, number>();
  readonly #strategy: Strategy;
  /** How often each clerk has begun, and has to have begun once all is quiet. */
  readonly #begun = new Map<string, number>();
  readonly #due = new Map<string, number>();
  #lastNumber = 0;

  constructor(
    world: World,
    system: System,
    letters: Letters,
    random: Random,
    wait: (ms: number) => Promise<void>,
  ) {
    this.#world = world;
    this.#system = system;
    this.#letters = letters;
    this.#wait = wait;
    const backoff = random.float() < 0.5 ? { minMs: 20, maxMs: 500 } : undefined;
    const children = Array.from(
      { length: CLERKS },
      (_, i) => child({ behavior: this.#clerk(nameOf(i)), name: nameOf(i) }),
    );
    this.#strategy = STRATEGIES[random.integer(STRATEGIES.length)];
    system.spawn(
      supervisor({
        name: "office",
        strategy: this.#strategy,
        intensity: { restarts: 10_000, withinMs: 1_000 },
        children,
        ...(backoff !== undefined && { backoff }),
      }),
      { label: "office" },
    );
  }

  /** Gives one of them something to do, some letters among it. */
  give(n: number): void {
    const clerk = this.#system.find<Errand>(nameOf(n % CLERKS));
    if (clerk === undefined) return this.#fail(nameOf(n % CLERKS), "is not there");
    const errands: readonly Errand[] = [
      { do: "close" },
      { do: "open" },
      { do: "nap", ms: n % 90 },
      { do: "fail" },
      { do: "stop" },
    ];
    if (n % 8 === 5) this.#rush();
    // In the same drain another one fails, with which this one may be restarted.
    if (n % 5 === 2) this.#system.find<Errand>(nameOf((n + 1) % CLERKS))?.tell({ do: "fail" });
    this.#write(clerk);
    if (n % 3 > 0) clerk.tell(errands[n % errands.length]);
    for (let i = 0; i < n % 4; i++) this.#write(clerk);
    if (n % 6 === 0) { for (let i = 0; i < 100; i++) this.#write(clerk); } // more than one run of its handles
    if (n % 7 === 0) clerk.tell(errands[(n >> 3) % errands.length]);
    this.#system.scheduler.drain();
  }

  /** All are at work, with nothing on their desks. */
  check(): void {
    for (let i = 0; i < CLERKS; i++) {
      const clerk = this.#system.find<Errand>(nameOf(i));
      if (clerk === undefined) {
        this.#fail(nameOf(i), "is not there");
        continue;
      }
      clerk.tell({ do: "open" });
      this.#write(clerk);
      while (this.#system.scheduler.ready > 0) this.#system.scheduler.drain();
      const [begun, due] = [this.#begun, this.#due].map((each) => each.get(nameOf(i)) ?? 0);
      if (begun < due) this.#fail(nameOf(i), `has begun ${begun} times, not ${due}`);
      if (this.#read.get(nameOf(i)) !== this.#lastNumber) {
        this.#fail(nameOf(i), "does not read what it is sent");
      }
    }
  }

  /** Many are told something at once, and go. */
  #rush(): void {
    const errand = actor<Letter, null>({
      init: () => null,
      receive: (_, letter) => {
        this.#letters.read(letter);
        return stop;
      },
    });
    const refs = Array.from({ length: 100 }, () => this.#system.spawn(errand));
    this.#system.scheduler.drain(); // so that they wait for nothing but their letters
    for (const ref of refs) this.#letters.send(ref, "to one of many");
  }

  #write(clerk: Ref<Errand>): void {
    const number = ++this.#lastNumber;
    this.#letters.tell(clerk, "to a clerk", (letter) => ({ ...letter, number }));
  }

  #clerk(name: string) {
    return actor<Errand, Desk>({
      name,
      init: () => {
        this.#begun.set(name, (this.#begun.get(name) ?? 0) + 1);
        return { isClosed: false };
      },
      receive: (desk, errand, ctx) => {
        if (errand.letter !== undefined) {
          if (desk.isClosed) ctx.stash();
          else this.#readBy(name, errand);
          return desk;
        }
        switch (errand.do) {
          case "close":
            desk.isClosed = true;
            return desk;
          case "open":
            desk.isClosed = false;
            ctx.unstash();
            return desk;
          case "nap":
            return this.#wait(errand.ms).then(() => desk);
          case "stop":
            return stop;
          case "fail":
            this.#fails(name);
            throw new Error("simulated");
        }
      },
    });
  }

  /** It fails: others are restarted with it. */
  #fails(name: string): void {
    for (let i = 0; i < CLERKS; i++) {
      const each = nameOf(i);
      const isLater = this.#strategy === "rest-for-one" && each > name;
      if (each !== name && !isLater && this.#strategy !== "one-for-all") continue;
      this.#due.set(each, (this.#begun.get(each) ?? 0) + 1);
    }
  }

  #readBy(name: string, letter: Letter & { readonly number: number }): void {
    const last = this.#read.get(name) ?? 0;
    if (letter.number <= last) this.#fail(name, `reads ${letter.number} behind ${last}`);
    this.#read.set(name, letter.number);
    this.#letters.read(letter);
  }

  #fail(name: string, details: string): void {
    this.#world.fail("an actor gets its messages in order, through restarts", `${name} ${details}`);
  }
}

function nameOf(i: number): string {
  return `clerk-${i}`;
}
