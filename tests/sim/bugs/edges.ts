/**
 * Bugs on purpose in wires, transports and the app.
 *
 * @module
 */

import type { Bug } from "../bugs.ts";

/** All of them. */
export const EDGES: readonly Bug[] = [
  {
    name: "long-poll: hand out what waits, and keep it",
    file: "src/transport/longpoll_session.ts",
    from: "    const messages = this.#messages;\n    this.#messages = [];",
    to: "    const messages = this.#messages;\n    if (messages.length < 4) this.#messages = [];",
  },
  {
    name: "the client goes on behind what it has not delivered",
    file: "src/protocol/positions.ts",
    from: "      advance(standing, at);\n      this.#delivered",
    to: "      advance(standing, at === null ? null : at + 1);\n      this.#delivered",
  },
  {
    name: "the last round of a drain is skipped",
    file: "src/app/drain.ts",
    from:
      "    for (const connection of [...openings, ...connections]) this.#closeOne(connection);\n    scheduler",
    to: "    void [openings, connections];\n    scheduler",
  },
  {
    name: "a batch loses its first message",
    file: "src/protocol/turn.ts",
    from: "    if (batch.length > 0) out.push(batch.length === 1 ? batch[0] : join(batch));",
    to:
      "    if (batch.length > 0) out.push(batch.length === 1 ? batch[0] : join(batch.length > 12 ? batch.slice(1) : batch));",
  },
  {
    name: "long-poll: a session that is over is not forgotten",
    file: "src/transport/longpoll_session.ts",
    from: "    this.#ports.over(this);\n",
    to: "",
    seeds: 5_000,
  },
  {
    name: "server-sent events: the id is one too low",
    file: "src/protocol/sse.ts",
    from: "return `${epoch}:${offset}`;",
    to: "return `${epoch}:${offset - (offset > 3 ? 1 : 0)}`;",
  },
  {
    name: "server-sent events: a stream goes on one too far",
    file: "src/protocol/sse.ts",
    from: "Number.isSafeInteger(offset) ? { epoch, offset } : null;",
    to: "Number.isSafeInteger(offset) ? { epoch, offset: offset + 1 } : null;",
  },
  {
    name: "a revoked token is let in",
    file: "src/app/authority.ts",
    from: "      (tokenId !== null && this.#tokens.has(tokenId, expiresAtMs));",
    to: "      (tokenId !== null && false && this.#tokens.has(tokenId, expiresAtMs));",
  },
  {
    name: "an authorization that has expired closes nothing",
    file: "src/app/grants.ts",
    from: '      connection.close(CLOSE_UNAUTHORIZED, "expired");\n',
    to: "",
  },
  {
    name: "a session that waits survives its revocation",
    file: "src/app/authority.ts",
    from: '      session.end({ kind: "closed" });\n',
    to: "",
  },
  {
    name: "a refresh does not move the end of an authorization",
    file: "src/app/grants.ts",
    from:
      "    if (held === undefined) return;\n    this.#byConnection.delete(connection);\n    this.#deadlines.delete(held);",
    to: "    if (held === undefined) return;\n    this.#byConnection.delete(connection);",
  },
  {
    name: "a refresh may bring another user",
    file: "src/app/refresh.ts",
    from: '      if (answer.user.id !== current.user.id) return refuse("other_user");\n',
    to: "",
  },
  {
    name: "the offset of bytes is one too high",
    file: "src/protocol/binary_message.ts",
    from: "BigInt(offset));",
    to: "BigInt(offset + 1));",
  },
  {
    name: "a kick spares those who are away",
    file: "src/app/topic_directory.ts",
    from: "for (const member of members) member.requestEnd(",
    to: "for (const member of members) if (!member.isAway) member.requestEnd(",
  },
  {
    name: "a drain takes twice its time",
    file: "src/app/drain.ts",
    from:
      "    if (end === all) return this.#closeRest();\n    const dueMs = this.#closingSinceMs + this.#overMs * end / all;",
    to:
      "    if (end === all) return this.#closeRest();\n    const dueMs = this.#closingSinceMs + 2 * this.#overMs * end / all;",
  },
  {
    name: "a topic is closed ahead of the kicks of its members",
    file: "src/app/topic_directory.ts",
    from: "scheduler.atFlush(() => topics.close(topic));",
    to: "topics.close(topic);",
  },
  {
    name: "a server that is drained lets in who was about to come",
    file: "src/app/gate.ts",
    from: "if (engine.isDraining) return this.#refuse(DRAINING, refused);\n      const late",
    to: "const late",
  },
  {
    name: "what is pushed to a user spares those who are away",
    file: "src/app/connections.ts",
    from: "for (const { info } of this.waiting(target)) ids.add(info.id);",
    to: "",
  },
  {
    name: "the client takes a kick for a close",
    file: "src/client/membership.ts",
    from: "this.#kicked = payload as { reason: unknown };",
    to: "",
  },
  {
    name: "the tokens of a user who is revoked stay good",
    file: "src/app/authority.ts",
    from: "      this.#tokens.add(tokenId, latest(expiresAtMs, untilMs));\n",
    to: "",
  },
  {
    name: "a drain closes all that are left when the first has gone",
    file: "src/app/drain.ts",
    from: "if (this.#timer === null || connections.size > 0) return;",
    to: "if (this.#timer === null) return;",
  },
  {
    name: "who is revoked as it comes in is let in",
    file: "src/app/authority.ts",
    from: "return [...open, ...opening].filter",
    to: "return [...open].filter",
  },
  {
    name: "server-sent events: a question that is answered keeps its place",
    file: "src/transport/sse_connection.ts",
    from: "    this.#waiting.delete(reply.ref);\n    take(reply);",
    to: "    take(reply);",
  },
  {
    name: "server-sent events: who has asked is not told that its stream has ended",
    file: "src/transport/sse_connection.ts",
    from: "for (const take of this.#waiting.values()) take(ended);",
    to: "",
  },
  {
    name: "server-sent events: a stream that has ended is not forgotten",
    file: "src/transport/sse_connection.ts",
    from: "    this.#ports.ended(this);\n",
    to: "",
  },
  {
    name: "server-sent events: what has ended is looked after for ever",
    file: "src/transport/sse_connection.ts",
    from: "    keepAlive.remove(this);\n",
    to: "",
  },
  {
    name: "the client forgets where it was when it joins again",
    file: "src/protocol/positions.ts",
    from: "known?.standing ?? { epoch: null",
    to: "{ epoch: null",
  },
];
