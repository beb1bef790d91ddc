import { BURST, CROWD, FAN_IN_ROUND, PRODUCERS, type Programs } from "./case.ts";

/** State in, message in, state out: all that is left of an actor. */
type Receive = (state: unknown, message: unknown) => unknown;

class BareActor {
  state: unknown;
  readonly receive: Receive;

  constructor(state: unknown, receive: Receive) {
    this.state = state;
    this.receive = receive;
  }
}

/** One flat ring of (actor, message): no mailbox, no bound, no supervision, no budget. The ceiling. */
class BareLoop {
  #actors: (BareActor | null)[] = new Array(64).fill(null);
  #messages: unknown[] = new Array(64).fill(null);
  #mask = 63;
  #head = 0;
  #length = 0;

  tell(actor: BareActor, message: unknown): void {
    if (this.#length > this.#mask) this.#grow();
    const tail = (this.#head + this.#length++) & this.#mask;
    this.#actors[tail] = actor;
    this.#messages[tail] = message;
  }

  drain(): void {
    while (this.#length > 0) {
      const head = this.#head;
      const actor = this.#actors[head]!;
      const message = this.#messages[head];
      this.#actors[head] = null;
      this.#messages[head] = null;
      this.#head = (head + 1) & this.#mask;
      this.#length--;
      actor.state = actor.receive(actor.state, message);
    }
  }

  #grow(): void {
    const size = this.#mask + 1;
    const actors = new Array(size * 2).fill(null);
    const messages = new Array(size * 2).fill(null);
    for (let i = 0; i < size; i++) {
      actors[i] = this.#actors[(this.#head + i) & this.#mask];
      messages[i] = this.#messages[(this.#head + i) & this.#mask];
    }
    [this.#actors, this.#messages, this.#mask, this.#head] = [actors, messages, size * 2 - 1, 0];
  }
}

/** The bare loop's programs. */
export const programs: Programs = {
  pingPong() {
    const loop = new BareLoop();
    const bounce: Receive = (partner, left) => {
      if (left as number > 0) loop.tell(partner as BareActor, left as number - 1);
      return partner;
    };
    const ping = new BareActor(null, bounce);
    const pong = new BareActor(ping, bounce);
    ping.state = pong;
    return {
      run(messages) {
        loop.tell(ping, messages - 1);
        loop.drain();
      },
      end() {},
    };
  },

  fanIn() {
    const loop = new BareLoop();
    let rounds = 0;
    const begin = (): void => {
      if (rounds-- > 0) { for (const producer of producers) loop.tell(producer, BURST); }
    };
    const consumer = new BareActor(0, (count, value) => {
      const sum = (count as number) + (value as number);
      if (sum < PRODUCERS * BURST) return sum;
      begin();
      return 0;
    });
    const producers = Array.from({ length: PRODUCERS }, () =>
      new BareActor(consumer, (to, burst) => {
        for (let i = 0; i < (burst as number); i++) loop.tell(to as BareActor, 1);
        return to;
      }));
    return {
      run(messages) {
        rounds = Math.ceil(messages / FAN_IN_ROUND);
        begin();
        loop.drain();
      },
      end() {},
    };
  },

  crowd() {
    const loop = new BareLoop();
    const actors = Array.from({ length: CROWD }, () => new BareActor(0, add));
    return {
      run(messages) {
        for (let sent = 0; sent < messages; sent += CROWD) {
          for (const actor of actors) loop.tell(actor, 1);
          loop.drain();
        }
      },
      end() {},
    };
  },

  spawn(actors) {
    const kept = new Set<BareActor>();
    for (let i = 0; i < actors; i++) kept.add(new BareActor(0, add));
  },

  idle(actors) {
    const loop = new BareLoop();
    const kept: BareActor[] = new Array(actors).fill(null);
    for (let i = 0; i < actors; i++) {
      kept[i] = new BareActor(0, add);
      loop.tell(kept[i], 1);
      if (i % 1_000 === 999) loop.drain();
    }
    loop.drain();
    return Promise.resolve(kept);
  },
};

function add(count: unknown, value: unknown): number {
  return (count as number) + (value as number);
}
