import type { Contender, Player } from "./case.ts";
import type { Figures } from "./figures.ts";
import type { Task, TurnOrder } from "./load/order.ts";
import { openProgram, runProgram, type ServerName, startServer } from "./processes.ts";

/** Where the load is. */
const LOAD = "./load/main.ts";

/** A contender that is a server, with a fresh process for each run, and what the load does to it. */
export function contest(
  name: string,
  server: ServerName,
  task: Task,
  v8Flags: readonly string[] = [],
): Contender {
  return {
    name,
    async run(): Promise<Figures[]> {
      await using running = await startServer(server, v8Flags);
      const order = { ...task, port: running.port, serverPid: running.pid };
      return JSON.parse(await runProgram(LOAD, order));
    },
  };
}

/** The same where the load takes turns: server and load stay, and wait for each other's. */
export function player(name: string, server: ServerName, task: Task<TurnOrder>): Player {
  return {
    name,
    async enter() {
      await using stack = new AsyncDisposableStack();
      const running = stack.use(await startServer(server));
      const load = stack.use(
        openProgram(LOAD, { ...task, port: running.port, serverPid: running.pid }),
      );
      await load.line();
      const both = stack.move();
      return {
        async turn(window) {
          await load.say(String(window));
          return JSON.parse(await load.line());
        },
        [Symbol.asyncDispose]: () => both.disposeAsync(),
      };
    },
  };
}
