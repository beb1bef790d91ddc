import { type ActorRefFrom, type AnyActorRef, createActor, fromTransition } from "xstate";
import { BURST, CROWD, FAN_IN_ROUND, PRODUCERS, type Programs } from "./case.ts";

interface Told {
  readonly type: "told";
  readonly value: number;
}

const told = (value: number): Told => ({ type: "told", value });
const adder = fromTransition((count: number, event: Told) => count + event.value, 0);

/** The programs on `xstate`: actors from `fromTransition`, its leanest kind. It has no supervision and no bound. */
export const programs: Programs = {
  pingPong() {
    const pair: AnyActorRef[] = [];
    const bouncer = fromTransition(
      (partner: number, event: Told) => {
        if (event.value > 0) pair[partner].send(told(event.value - 1));
        return partner;
      },
      ({ input }: { input: number }) => input,
    );
    pair.push(createActor(bouncer, { input: 1 }).start(), createActor(bouncer, { input: 0 }).start());
    return {
      run: (messages) => pair[0].send(told(messages - 1)),
      end: () => pair.forEach((each) => each.stop?.()),
    };
  },

  fanIn() {
    let rounds = 0;
    const begin = (): void => {
      if (rounds-- > 0) { for (const producer of producers) producer.send(told(BURST)); }
    };
    const consumer = createActor(fromTransition((count: number, event: Told) => {
      if (count + event.value < PRODUCERS * BURST) return count + event.value;
      begin();
      return 0;
    }, 0)).start();
    const burst = fromTransition((state: null, event: Told) => {
      for (let i = 0; i < event.value; i++) consumer.send(told(1));
      return state;
    }, null);
    const producers: ActorRefFrom<typeof burst>[] = Array.from(
      { length: PRODUCERS },
      () => createActor(burst).start(),
    );
    return {
      run(messages) {
        rounds = Math.ceil(messages / FAN_IN_ROUND);
        begin();
      },
      end() {},
    };
  },

  crowd() {
    const actors = Array.from({ length: CROWD }, () => createActor(adder).start());
    return {
      run(messages) {
        for (let sent = 0; sent < messages; sent += CROWD) {
          for (const actor of actors) actor.send(told(1));
        }
      },
      end: () => actors.forEach((each) => each.stop()),
    };
  },

  spawn(actors) {
    const kept = new Set<AnyActorRef>();
    for (let i = 0; i < actors; i++) kept.add(createActor(adder).start());
  },

  idle(actors) {
    const kept: AnyActorRef[] = new Array(actors).fill(null);
    for (let i = 0; i < actors; i++) {
      kept[i] = createActor(adder).start();
      kept[i].send(told(1));
    }
    return Promise.resolve(kept);
  },
};
