import type { Contender } from "./case.ts";
import type { Figures } from "./figures.ts";
import type { Task } from "./load/order.ts";
import { runProgram, type ServerName, startServer } from "./processes.ts";

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
      return JSON.parse(await runProgram("./load/main.ts", order));
    },
  };
}
