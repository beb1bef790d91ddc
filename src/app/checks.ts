import { TroupeError } from "../base/errors.ts";
import { TopicNames } from "../contract/topic_names.ts";
import { isSendableCloseCode } from "../protocol/close_codes.ts";

/**
 * Refuses what is no topic: JavaScript, or a value that is `any`, gets past the compiler.
 *
 * @throws {TroupeError} `invalid_contract`, `invalid_handlers`.
 */
export function checkTopic(contract: unknown, handlers: unknown): void {
  const pattern = (contract as { readonly pattern?: unknown } | null | undefined)?.pattern;
  if (typeof contract !== "string" && !(pattern instanceof TopicNames)) {
    throw new TroupeError(
      "invalid_contract",
      `Cannot handle a topic: accepted are a pattern, such as "room:{id}", and what defineTopic() returns`,
    );
  }
  if (typeof handlers === "object" && handlers !== null) return;
  const name = pattern instanceof TopicNames ? pattern.source : contract;
  throw new TroupeError(
    "invalid_handlers",
    `Cannot use the handlers of the topic "${name}": accepted is an object with join, on, info and leave, all optional`,
  );
}

/** What a component may have. */
const COMPONENT_HANDLERS = ["open", "message", "close", "error"];

/**
 * Refuses what is no component. It may have more than its handlers, e.g. if it is an instance of a class.
 *
 * @throws {TroupeError} `invalid_handlers` if it has other things but no handler, or one that is not a function.
 */
export function checkComponent(path: string, component: unknown): void {
  const accepted = "an object with open, message, close and error, each a function, all optional";
  const refuse = (fault: string): never => {
    throw new TroupeError(
      "invalid_handlers",
      `Cannot use the component at ${JSON.stringify(path)}: ${fault}. Accepted: ${accepted}`,
      { details: { path, accepted } },
    );
  };
  if (typeof component !== "object" || component === null) return refuse("it is no object");
  const given = component as Record<string, unknown>;
  const handlers = COMPONENT_HANDLERS.filter((name) => given[name] !== undefined);
  const others = Object.keys(given);
  if (handlers.length === 0 && others.length > 0) refuse(`it has none of them, but ${others.join(", ")}`);
  const wrong = handlers.find((name) => typeof given[name] !== "function");
  if (wrong !== undefined) refuse(`${wrong} is a ${typeof given[wrong]}`);
}

/**
 * Refuses a close code that must not be sent.
 *
 * @throws {TroupeError} `bad_close_code`.
 */
export function checkCloseCode(code: number): void {
  if (isSendableCloseCode(code)) return;
  throw new TroupeError(
    "bad_close_code",
    `Cannot close with ${code}: accepted are 1000-1003, 1007-1014 and 3000-4999`,
    { details: { code } },
  );
}
