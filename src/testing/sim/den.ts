import type { Component, ComponentConnection } from "../../sessions/component.ts";
import type { User } from "../../sessions/user.ts";
import type { Stage } from "./stage.ts";

/** What a client of a raw component says. */
export interface DenMessage {
  readonly id: string;
  readonly do: "say" | "whisper" | "slow" | "boom" | "leave" | "enter" | "ping";
}

/** What it hears: that its message was done, or what somebody says. */
export type DenHeard =
  | { readonly done: string; readonly did: DenMessage["do"] }
  | { readonly id: string; readonly by: string; readonly x?: string };

/** How a connection is in its life, as the component's handlers are told of it. */
interface Life {
  isOpen: boolean;
  isClosed: boolean;
  isBusy: boolean;
}

/** The one topic of raw components, which is no topic of channels. */
export const DEN = "den:a";

/** A raw component: says what it is told to all who listen, and the bytes that it is sent to their sender. */
export function den(stage: Stage): void {
  const { app, world, truth, wait } = stage;
  const lives = new Map<string, Life>();
  let opened = 0;
  const fail = (conn: ComponentConnection<unknown, User>, details: string): void =>
    world.fail("what happens to a connection has an order", `${conn.user.id} ${details}`);
  const lifeOf = (conn: ComponentConnection<unknown, User>): Life => {
    const life = lives.get(conn.id) ?? { isOpen: false, isClosed: false, isBusy: false };
    lives.set(conn.id, life);
    return life;
  };
  const answer = (conn: ComponentConnection<unknown, User>, heard: DenHeard): void =>
    conn.send(JSON.stringify(heard));
  const say = (conn: ComponentConnection<unknown, User>, id: string, leavesOut: boolean): void => {
    const said = { id, by: conn.user.id, ...(leavesOut && { x: conn.user.id }) };
    conn.publish(DEN, JSON.stringify(said), { self: !leavesOut });
    truth.called(DEN, said);
  };
  const component: Component<number, User> = {
    async open(conn) {
      const number = ++opened;
      if (number % 2 === 0) await wait(number * 13 % 150);
      const life = lifeOf(conn);
      if (life.isOpen) fail(conn, "opens twice");
      life.isOpen = true;
      conn.subscribe(DEN);
      answer(conn, { done: "welcome", did: "enter" });
      return number;
    },
    message(conn, data) {
      const life = lifeOf(conn);
      if (!life.isOpen || life.isBusy || conn.state === undefined) fail(conn, "is handled out of its turn");
      if (typeof data !== "string") return conn.send(data);
      const { id, do: did }: DenMessage = JSON.parse(data);
      if (did === "boom") throw new Error("simulated");
      if (did === "leave") conn.unsubscribe(DEN);
      else if (did === "enter") conn.subscribe(DEN);
      else if (did === "slow") {
        life.isBusy = true;
        return wait(id.length * 7).then(() => {
          life.isBusy = false;
          if (!life.isClosed) say(conn, id, false);
          answer(conn, { done: id, did });
        });
      } else if (did !== "ping") say(conn, id, did === "whisper");
      answer(conn, { done: id, did });
    },
    error: (conn, error) => {
      if (!(error instanceof Error) || error.message !== "simulated") fail(conn, `fails with ${error}`);
    },
    close(conn) {
      const life = lifeOf(conn);
      if (life.isClosed) fail(conn, "closes twice");
      if (!life.isOpen) fail(conn, "closes before it has opened");
      life.isClosed = true;
    },
  };
  app.component("/den", component);
}
