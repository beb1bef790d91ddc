import { actor, DynamicSupervisor, type Ref, System } from "@troupe/core/actors";
import { BURST, CROWD, FAN_IN_ROUND, PRODUCERS, type Programs } from "./case.ts";

/** Runs until nothing is ready: each drain ends with its budget. */
function drain(system: System): void {
  while (system.scheduler.ready > 0) system.scheduler.drain();
}

type Ball = Ref<Ball> | number;

const bouncer = actor<Ball, Ref<Ball> | null>({
  name: "bouncer",
  init: () => null,
  receive(partner, ball) {
    if (typeof ball !== "number") return ball;
    if (ball > 0) partner!.tell(ball - 1);
    return partner;
  },
});

const adder = actor<number, number>({
  name: "adder",
  init: () => 0,
  receive: (count, value) => count + value,
});

const producer = actor<number, Ref<number>, Ref<number>>({
  name: "producer",
  init: (_ctx, consumer) => consumer,
  receive(consumer, burst) {
    for (let i = 0; i < burst; i++) consumer.tell(1);
    return consumer;
  },
});

/** Troupe's programs. All is on: supervision, both lanes, bounds, budgets, accounting. */
export const programs: Programs = {
  pingPong() {
    const system = new System();
    const pair = new DynamicSupervisor(system, { child: bouncer, restart: "transient" });
    const [ping, pong] = [pair.start(), pair.start()];
    ping.tell(pong);
    pong.tell(ping);
    drain(system);
    return {
      run(messages) {
        ping.tell(messages - 1);
        drain(system);
      },
      end: () => system.shutdown(),
    };
  },

  fanIn() {
    const system = new System();
    let rounds = 0;
    const begin = (): void => {
      if (rounds-- > 0) { for (const each of producers) each.tell(BURST); }
    };
    const consumers = new DynamicSupervisor(system, {
      child: actor<number, number>({
        name: "consumer",
        init: () => 0,
        receive(count, value) {
          if (count + value < PRODUCERS * BURST) return count + value;
          begin();
          return 0;
        },
      }),
      restart: "transient",
    });
    const consumer = consumers.start();
    const supervisor = new DynamicSupervisor(system, { child: producer, restart: "transient" });
    const producers = Array.from({ length: PRODUCERS }, () => supervisor.start({ args: consumer }));
    drain(system);
    return {
      run(messages) {
        rounds = Math.ceil(messages / FAN_IN_ROUND);
        begin();
        drain(system);
      },
      end: () => system.shutdown(),
    };
  },

  crowd() {
    const system = new System();
    const supervisor = new DynamicSupervisor(system, { child: adder, restart: "transient" });
    const actors = Array.from({ length: CROWD }, () => supervisor.start());
    drain(system);
    return {
      run(messages) {
        for (let sent = 0; sent < messages; sent += CROWD) {
          for (const actor of actors) actor.tell(1);
          drain(system);
        }
      },
      end: () => system.shutdown(),
    };
  },

  spawn(actors) {
    const system = new System();
    const supervisor = new DynamicSupervisor(system, { child: adder, restart: "transient" });
    for (let i = 0; i < actors; i++) {
      supervisor.start();
      if (i % 1_000 === 999) drain(system);
    }
    drain(system);
  },

  idle(actors) {
    const system = new System();
    const supervisor = new DynamicSupervisor(system, { child: adder, restart: "transient" });
    const kept: Ref<number>[] = new Array(actors).fill(null);
    for (let i = 0; i < actors; i++) {
      kept[i] = supervisor.start();
      kept[i].tell(1);
      if (i % 1_000 === 999) drain(system);
    }
    drain(system);
    return Promise.resolve(kept);
  },
};
