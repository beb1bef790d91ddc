import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { User } from "../sessions/user.ts";
import { type Grant, readAnswer } from "./grant.ts";
import type { Authenticated, Handshake } from "./options.ts";

/** The application's own hook: see `AppOptions.authenticate`. */
export type Authenticate = (handshake: Handshake) => Authenticated<User> | Promise<Authenticated<User>>;

/** What the hook is called with, beside the handshake. */
export interface AuthenticatePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the hook may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Nobody, and why: the status and the reason of the answer. */
export class NotAuthenticated {
  readonly status: 403 | 500 | 503;
  readonly reason:
    | "not_authenticated"
    | "authorization_expired"
    | "authorization_revoked"
    | "authenticate_failed"
    | "authenticate_timeout";

  constructor(status: NotAuthenticated["status"], reason: NotAuthenticated["reason"]) {
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Asks the application who it is. It does not reject: a throw, a rejection and an answer that is no user come to
 * status 500 and a log line, since they are faults of the application's. What is answered after the time-out is
 * dropped. An answer that has expired already is nobody's.
 */
export async function authenticate(
  hook: Authenticate,
  handshake: Handshake,
  ports: AuthenticatePorts,
): Promise<Grant | Response | NotAuthenticated> {
  const { clock, logger, timeoutMs } = ports;
  const understood = (answer: Authenticated<User>): Grant | Response | NotAuthenticated => {
    const grant = readAnswer(answer);
    if (grant === null) return new NotAuthenticated(403, "not_authenticated");
    if (grant instanceof Response || grant.expiresAtMs === null) return grant;
    return grant.expiresAtMs > clock.now() ? grant : new NotAuthenticated(403, "authorization_expired");
  };
  let stopClock = (): void => {};
  try {
    const answer = hook(handshake);
    if (!(answer instanceof Promise)) return understood(answer);
    const late = new Promise<NotAuthenticated>((resolve) => {
      const timer = clock.setTimer(
        () => resolve(new NotAuthenticated(503, "authenticate_timeout")),
        timeoutMs,
      );
      stopClock = () => clock.clearTimer(timer);
    });
    return await Promise.race([answer.then(understood), late]);
  } catch (error) {
    logger.log("error", "authenticate failed", {
      error: messageOf(error),
      remoteAddress: handshake.remoteAddress,
    });
    return new NotAuthenticated(500, "authenticate_failed");
  } finally {
    stopClock();
  }
}
