// The actor kernel on its own: a counter that is restarted when it crashes.
// #region actors
import { actor, type Asks, child, supervisor, System } from "@troupe/core/actors";

type Message = { type: "add"; by: number } | ({ type: "get" } & Asks<number>);

const counter = actor<Message, number>({
  name: "counter",
  init: () => 0,
  receive(count, message, ctx) {
    if (message.type === "get") ctx.reply(count);
    else if (Number.isNaN(message.by)) throw new Error("not a number");
    else return count + message.by;
    return count;
  },
});

/** Counts to three, crashes, and finds a fresh counter behind the same name. */
export async function countAndCrash(): Promise<[before: number, after: number]> {
  await using system = new System();
  system.spawn(supervisor({ children: [child({ behavior: counter, name: "counter" })] }));
  system.scheduler.drain(); // the children start in the first turn: now, instead of soon
  const ref = system.find<Message>("counter")!;
  ref.tell({ type: "add", by: 3 });
  const before = await ref.ask({ type: "get" });
  ref.tell({ type: "add", by: NaN });
  return [before, await ref.ask({ type: "get" })];
}
// #endregion
