import type { Middleware } from "../../http/middleware.ts";
import type { Random } from "../../base/random.ts";

/** A step of the application's that looks at what clients say, and takes its time over some of it: all keeps its order. */
export function screen(random: Random, wait: (ms: number) => Promise<void>): Middleware {
  const look = (): void | Promise<void> => random.float() < 0.7 ? undefined : wait(random.integer(40));
  return { name: "screen", message: look };
}
