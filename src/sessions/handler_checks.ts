import { TroupeError } from "../base/errors.ts";

/** A handler as the engine calls it, whatever its contract. */
export type Handler = (ctx: unknown, payload: unknown) => unknown;

/** The handler at `at` of the topic `name`'s handlers, bound to `owner`. Throws `invalid_handlers` if it is no function. */
export function handlerAt(name: string, at: string, value: unknown, owner: object): Handler {
  if (typeof value !== "function") {
    refuseHandlers(
      name,
      `${at} is ${value === undefined ? "missing" : typeof value}`,
      "a function (ctx, payload)",
    );
  }
  return (value as Handler).bind(owner);
}

/** Throws `invalid_handlers`. */
export function refuseHandlers(name: string, fault: string, accepted: string): never {
  throw new TroupeError(
    "invalid_handlers",
    `Cannot use the handlers of the topic "${name}": ${fault}. Accepted: ${accepted}`,
    {
      details: { topic: name, accepted },
    },
  );
}
