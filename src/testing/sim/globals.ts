import type { World } from "./world.ts";

/** What stands in for the platform, for a client that believes in it. */
export interface Platform {
  /** The class of WebSockets. */
  readonly WebSocket: unknown;
  /** For HTTP. */
  readonly fetch: typeof fetch;
  /** For the server's end of WebSockets. */
  readonly upgradeWebSocket: typeof Deno.upgradeWebSocket;
}

/**
 * Puts the platform's time, randomness and network out of reach of the code that runs until what it returns is called:
 * all of it comes from the world.
 */
export function patchGlobals(world: World, platform: Platform): () => void {
  const undo: (() => void)[] = [];
  const replace = (target: object, name: string, value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
    undo.unshift(() => {
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    });
  };
  const timers = new Map<number, unknown>();
  let lastId = 0;
  const setTimer = (callback: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]): number => {
    const id = ++lastId;
    const timer = world.after(world.current, delayMs, () => {
      timers.delete(id);
      callback(...given);
    });
    timers.set(id, timer);
    return id;
  };
  const clearTimer = (id: number): void => {
    const timer = timers.get(id);
    timers.delete(id);
    if (timer !== undefined) world.clock.clearTimer(timer as object);
  };
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(`${world.current.name} ${key}`) ?? null,
    setItem: (key: string, value: string) => void stored.set(`${world.current.name} ${key}`, value),
  };
  replace(globalThis, "setTimeout", setTimer);
  replace(globalThis, "clearTimeout", clearTimer);
  replace(globalThis, "sessionStorage", storage);
  replace(globalThis, "WebSocket", platform.WebSocket);
  replace(globalThis, "fetch", platform.fetch);
  replace(Date, "now", () => world.clock.now() + world.current.skewMs);
  replace(performance, "now", () => world.clock.elapsedMs());
  replace(Math, "random", () => world.current.random.float());
  replace(Deno, "upgradeWebSocket", platform.upgradeWebSocket);
  const rejected = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    const { reason } = event;
    world.fail("no promise is forgotten", reason instanceof Error ? String(reason.stack) : String(reason));
  };
  globalThis.addEventListener("unhandledrejection", rejected);
  return () => {
    globalThis.removeEventListener("unhandledrejection", rejected);
    for (const each of undo) each();
  };
}
