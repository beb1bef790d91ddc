/**
 * Bugs on purpose in what becomes of those who come, and of those who come back.
 *
 * @module
 */

import type { Bug } from "../bugs.ts";

/** All of them. */
export const RETURNS: readonly Bug[] = [
  {
    name: "who is refused, since its past is not read in time, is not told",
    file: "src/sessions/channel_join.ts",
    from: 'owner.write(this.arrival.reply(owner.codec, "error", unavailable(error)));',
    to: "",
  },
  {
    name: "what is said to members goes out to one who is refused",
    file: "src/sessions/channel_subscription.ts",
    from: "this.#output.giveUp(); // what it has said as a member is for one",
    to: "",
  },
  {
    name: "a session that is taken over goes on in its old version",
    file: "src/sessions/session.ts",
    from: "    this.codec = from.codec;\n",
    to: "",
  },
  {
    name: "what is said to one who is back is lost",
    file: "src/sessions/absence.ts",
    from: "for (const { frame } of arrival.behind) channel.owner.write(frame);",
    to: "",
  },
  {
    name: "an answer to one who is away is no dead letter",
    file: "src/sessions/answer_client.ts",
    from: 'return ports.deadLetters.record("late_reply", response, topic);',
    to: "return;",
  },
  {
    name: "who sends too much cannot leave",
    file: "src/sessions/inbound_meter.ts",
    from: "if (isControl) {",
    to: "if (false) {",
  },
  {
    name: "a client is told that it has missed what it was never to get",
    file: "src/sessions/absence.ts",
    from: ".filter(({ event }) => !isOwnEvent(event)).length",
    to: ".length",
  },
  {
    name: "who has got all that it has missed is told of it once more",
    file: "src/sessions/session_wire.ts",
    from: "if (missed && (recovery?.outcome ?? null) === null) {",
    to: "if (missed) {",
  },
  {
    name: "what the engine says of itself is kept for one who is away",
    file: "src/sessions/channel_subscription.ts",
    from:
      "if (this.#owner !== this.#channel.owner && isOwnEvent(published.event)) return; // it is told all when it is back",
    to: "",
  },
];
