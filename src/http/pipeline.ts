import { TroupeError } from "../base/errors.ts";
import type {
  IncomingMessage,
  MessageVerdict,
  Middleware,
  MiddlewareConnection,
  OpenVerdict,
  UpgradeRequest,
  UpgradeVerdict,
} from "./middleware.ts";

/** Is told of a hook that threw or rejected. MUST NOT throw. */
export type HookFault = (
  middleware: string,
  hook: "upgrade" | "open" | "message" | "close",
  error: unknown,
) => void;

/** What a request, an opening and a message come to when a hook fails. */
const UPGRADE_FAILED = { status: 500, reason: "middleware_failed" } as const;
const CONNECTION_FAILED = { action: "close", code: 1011, reason: "internal error" } as const;

/**
 * Middleware in a row: see {@link Middleware} for the order and for what a verdict does. Steps that answer at once are
 * run without a promise. Nothing that a step does is thrown on.
 */
export class Pipeline {
  readonly #steps: Middleware[] = [];
  /** Those that look at messages: the others cost a message nothing. */
  readonly #messageSteps: Middleware[] = [];
  readonly #onFault: HookFault;

  /** `steps`: the first ones. Throws `invalid_middleware`. */
  constructor(steps: Iterable<Middleware>, onFault: HookFault) {
    this.#onFault = onFault;
    for (const step of steps) this.add(step);
  }

  /**
   * Adds a step behind all others. Connections that are open meet it from their next message on.
   *
   * @throws {TroupeError} `invalid_middleware` for what has no name, no hook, or a hook that is no function.
   */
  add(step: Middleware): void {
    checkMiddleware(step);
    this.#steps.push(step);
    if (step.message !== undefined) this.#messageSteps.push(step);
  }

  /** Whether any step looks at messages. */
  get readsMessages(): boolean {
    return this.#messageSteps.length > 0;
  }

  /** Whether there is no step at all. */
  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** A request asks for a connection. */
  upgrade(upgrade: UpgradeRequest): UpgradeVerdict | Promise<UpgradeVerdict> {
    return this.#upgradeFrom(0, upgrade);
  }

  #upgradeFrom(first: number, upgrade: UpgradeRequest): UpgradeVerdict | Promise<UpgradeVerdict> {
    for (let i = first; i < this.#steps.length; i++) {
      const step = this.#steps[i];
      const failed = (error: unknown): UpgradeVerdict => {
        this.#onFault(step.name, "upgrade", error);
        return UPGRADE_FAILED;
      };
      try {
        const verdict = step.upgrade?.(upgrade);
        if (verdict instanceof Promise) {
          return verdict.then(understood).catch(failed).then((answer) =>
            answer ?? this.#upgradeFrom(i + 1, upgrade)
          );
        }
        if (understood(verdict)) return verdict;
      } catch (error) {
        return failed(error);
      }
    }
    return null;
  }

  /** A connection has opened. */
  open(connection: MiddlewareConnection): OpenVerdict | Promise<OpenVerdict> {
    return this.#openFrom(0, connection);
  }

  #openFrom(first: number, connection: MiddlewareConnection): OpenVerdict | Promise<OpenVerdict> {
    for (let i = first; i < this.#steps.length; i++) {
      const step = this.#steps[i];
      try {
        const verdict = step.open?.(connection);
        if (verdict instanceof Promise) {
          return verdict.catch((error) => this.#failed(step, "open", error))
            .then((answer) => answer ?? this.#openFrom(i + 1, connection));
        }
        if (verdict) return verdict;
      } catch (error) {
        return this.#failed(step, "open", error);
      }
    }
    return null;
  }

  /** A message has come. */
  message(
    connection: MiddlewareConnection,
    message: IncomingMessage,
  ): MessageVerdict | Promise<MessageVerdict> {
    return this.#messageFrom(0, connection, message);
  }

  #messageFrom(
    first: number,
    connection: MiddlewareConnection,
    message: IncomingMessage,
  ): MessageVerdict | Promise<MessageVerdict> {
    const steps = this.#messageSteps;
    for (let i = first; i < steps.length; i++) {
      const step = steps[i];
      try {
        const verdict = step.message!(connection, message);
        if (verdict instanceof Promise) {
          return verdict.catch((error) => this.#failed(step, "message", error))
            .then((answer) => answer ?? this.#messageFrom(i + 1, connection, message));
        }
        if (verdict) return verdict;
      } catch (error) {
        return this.#failed(step, "message", error);
      }
    }
    return null;
  }

  #failed(step: Middleware, hook: "open" | "message", error: unknown): typeof CONNECTION_FAILED {
    this.#onFault(step.name, hook, error);
    return CONNECTION_FAILED;
  }

  /** A connection has ended. The steps hear of it one after another, the last one first. */
  close(connection: MiddlewareConnection, code: number, reason: string): void | Promise<void> {
    return this.#closeFrom(this.#steps.length - 1, connection, code, reason);
  }

  #closeFrom(
    first: number,
    connection: MiddlewareConnection,
    code: number,
    reason: string,
  ): void | Promise<void> {
    for (let i = first; i >= 0; i--) {
      const step = this.#steps[i];
      const failed = (error: unknown): void => this.#onFault(step.name, "close", error);
      try {
        const pending = step.close?.(connection, code, reason);
        if (pending instanceof Promise) {
          return pending.catch(failed).then(() => this.#closeFrom(i - 1, connection, code, reason));
        }
      } catch (error) {
        failed(error);
      }
    }
  }
}

const HOOKS = ["upgrade", "open", "message", "close"] as const;

/** The verdict, if it is one. Throws a `TypeError` for what is none: nobody may come in, or go, by a slip of the pen. */
function understood(verdict: UpgradeVerdict): UpgradeVerdict {
  if (verdict === null || verdict === undefined || verdict instanceof Response) return verdict;
  const { status, reason } = Object(verdict) as { status?: unknown; reason?: unknown };
  if (Number.isInteger(status) && typeof reason === "string") return verdict;
  throw new TypeError(
    `upgrade must answer nothing, a Response, or { status, reason }; it answered ${typeof verdict}`,
  );
}

function checkMiddleware(step: Middleware): void {
  const { name } = step;
  const faults = HOOKS.filter((hook) => step[hook] !== undefined && typeof step[hook] !== "function");
  const fault = typeof name !== "string"
    ? `its name is a ${typeof name}`
    : faults.length > 0
    ? `its ${faults.join(" and ")} is no function`
    : HOOKS.every((hook) => step[hook] === undefined)
    ? "it has no hook"
    : null;
  if (fault === null) return;
  throw new TroupeError(
    "invalid_middleware",
    `Cannot use the middleware ${JSON.stringify(name)}: ${fault}. Accepted: a name, and functions ${
      HOOKS.join(", ")
    }`,
    { details: { name, accepted: HOOKS } },
  );
}
