import { actor, type Behavior } from "../actors/behavior.ts";
import type { Session } from "./session.ts";

/** The behaviour of session actors: they own channels and are told nothing. */
export const sessionBehavior: Behavior<never, Session> = actor<never, Session, Session>({
  name: "session",
  init: (_ctx, session) => session,
  receive: (session) => session,
  stop: (session) => session.end({ kind: "shutdown" }),
});
