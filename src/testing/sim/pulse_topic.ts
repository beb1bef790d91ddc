import { Pulse } from "./contracts.ts";
import { crashTopic, say, type Stage } from "./stage.ts";

/** How often a topic says something by itself, in milliseconds; and when it does so once, after its start. */
const TICK_MS = 1_900;
const ONCE_MS = 300;

/** How long a topic that has failed waits at least, in milliseconds. */
const BACKOFF_MS = 99;

/** One life of a topic, as its handlers are told of it. */
interface Beating {
  readonly number: number;
  startedMs: number | null;
  ticks: number;
  isOver: boolean;
}

/** Handles topics with a life of their own: there is one at a time of each name, and its time is exact. */
export function pulseTopic(stage: Stage): () => void {
  const { app, world, truth, memberships, life, wait } = stage;
  const alive = new Map<string, Beating>();
  let lives = 0;
  const fail = (topic: string, details: string): void =>
    world.fail("a topic has one life", `${topic} ${details}`);
  const beat = (
    topic: { topic: string; broadcast(event: "said", payload: { id: string; by: string }): void },
    id: string,
  ): void => {
    const said = { id: `beat-${life}-${id}`, by: "pulse" };
    topic.broadcast("said", said);
    truth.called(topic.topic, said);
  };
  const { suspended, resumed, expired, leave } = memberships;
  app.topic<typeof Pulse, undefined, Beating>(Pulse, {
    join: (ctx) => memberships.entered(ctx),
    suspended,
    resumed,
    expired,
    leave,
    on: memberships.acting({
      say: (ctx, { id }) => (say(stage, ctx, id), { id }),
      crash: (ctx, { id }) => (ctx.tellTopic("crash"), { id }),
    }),
    life: {
      async start(topic) {
        const name = topic.topic;
        const sinceMs = world.clock.elapsedMs() - (truth.crashedMs.get(name) ?? -Infinity);
        if (sinceMs < BACKOFF_MS) fail(name, `begins ${sinceMs} ms after it has failed`);
        if (alive.has(name)) fail(name, "begins, and is there already");
        const number = ++lives;
        const beating: Beating = { number, startedMs: null, ticks: 0, isOver: false };
        alive.set(name, beating);
        if (number % 2 === 0) await wait(number * 7 % 50);
        topic.after(ONCE_MS, () => {
          if (beating.isOver) fail(name, "does something behind its end");
          beat(topic, `${number}-once`);
        });
        beating.startedMs = world.clock.elapsedMs();
        return beating;
      },
      tickMs: TICK_MS,
      tick(topic) {
        const beating = topic.state;
        const expectedMs = beating.startedMs! + ++beating.ticks * TICK_MS;
        const nowMs = world.clock.elapsedMs();
        if (beating.isOver) fail(topic.topic, "ticks behind its end");
        if (Math.abs(nowMs - expectedMs) > 0.001) {
          fail(topic.topic, `ticks at ${nowMs}, not at ${expectedMs}`);
        }
        beat(topic, `${beating.number}-${beating.ticks}`);
      },
      message: ({ topic }) => crashTopic(stage, topic),
      stop({ topic, state }) {
        if (alive.get(topic) !== state) fail(topic, "ends twice");
        state.isOver = true;
        alive.delete(topic);
      },
    },
  });
  return () => {
    for (const name of alive.keys()) fail(name, "has not ended");
  };
}
