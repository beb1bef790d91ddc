import { dispatch, spawn, start, stop } from "nact";
import { BURST, CROWD, FAN_IN_ROUND, PRODUCERS, type Programs } from "./case.ts";

type System = ReturnType<typeof start>;
type Told = { readonly value: number };

let named = 0;
/** A name of ours: those that nact draws at random clash now and then. */
const nextName = (): string => `actor-${++named}`;

/** Adds up what it is told and reports each time it has reached `sum`. */
function spawnAdder(system: System, sum: () => number, report: () => void) {
  return spawn(system, (count: number = 0, told: Told) => {
    if (count + told.value < sum()) return count + told.value;
    report();
    return 0;
  }, nextName());
}

/** The programs on `nact`: one macrotask a message, mailboxes without a bound. */
export const programs: Programs = {
  pingPong() {
    const system = start();
    let done: () => void;
    const pair: ReturnType<typeof spawnAdder>[] = [];
    for (const partner of [1, 0]) {
      pair.push(spawn(system, (state: number = 0, told: Told) => {
        if (told.value > 0) dispatch(pair[partner], { value: told.value - 1 });
        else done();
        return state;
      }, nextName()));
    }
    return {
      run: (messages) =>
        new Promise((resolve) => {
          done = resolve;
          dispatch(pair[0], { value: messages - 1 });
        }),
      end: () => stop(system),
    };
  },

  fanIn() {
    const system = start();
    let rounds = 0;
    let done: () => void;
    const begin = (): void => {
      if (rounds-- === 0) return done();
      for (const producer of producers) dispatch(producer, { value: BURST });
    };
    const consumer = spawnAdder(system, () => PRODUCERS * BURST, begin);
    const producers = Array.from({ length: PRODUCERS }, () =>
      spawn(system, (state: null, told: Told) => {
        for (let i = 0; i < told.value; i++) dispatch(consumer, { value: 1 });
        return state;
      }, nextName()));
    return {
      run: (messages) =>
        new Promise((resolve) => {
          done = resolve;
          rounds = Math.ceil(messages / FAN_IN_ROUND);
          begin();
        }),
      end: () => stop(system),
    };
  },

  crowd() {
    const system = start();
    let rounds = 0;
    let left = 0;
    let done: () => void;
    const actors = Array.from({ length: CROWD }, () =>
      spawnAdder(system, () => rounds, () => {
        if (--left === 0) done();
      }));
    return {
      run: (messages) =>
        new Promise((resolve) => {
          [done, left, rounds] = [resolve, CROWD, Math.ceil(messages / CROWD)];
          for (let round = 0; round < rounds; round++) {
            for (const each of actors) dispatch(each, { value: 1 });
          }
        }),
      end: () => stop(system),
    };
  },

  spawn(actors) {
    const system = start();
    for (let i = 0; i < actors; i++) spawnAdder(system, () => 1, () => {});
    stop(system);
  },

  idle(actors) {
    const system = start();
    return new Promise((resolve) => {
      let left = actors;
      const kept: unknown[] = new Array(actors).fill(null);
      for (let i = 0; i < actors; i++) {
        const each = spawn(system, (count: number = 0, told: Told) => {
          if (--left === 0) setTimeout(() => resolve(kept), 0);
          return count + told.value;
        }, nextName());
        kept[i] = each;
        dispatch(each, { value: 1 });
      }
    });
  },
};
