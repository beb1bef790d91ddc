/**
 * Bugs on purpose, each a change of one place in the source: what the simulation has to find.
 *
 * @module
 */

/** A bug. */
export interface Bug {
  readonly name: string;
  /** Where it is put in. */
  readonly file: string;
  /** What stands there: once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

/** All of them. */
export const BUGS: readonly Bug[] = [
  {
    name: "skip a commit",
    file: "src/topics/topic.ts",
    from: "if (this.#entries.length > 0 || this.#touched) this.#schedule(this.#touched);",
    to: "if (this.#touched) this.#schedule(this.#touched);",
  },
  {
    name: "drop a flush",
    file: "src/sessions/flusher.ts",
    from: "for (let i = 0; i < ready.length; i++) this.flush(ready[i]);",
    to: "for (let i = 0; i < Math.min(ready.length, 2); i++) this.flush(ready[i]);",
  },
  {
    name: "forget a timer: nobody asks those again that are behind",
    file: "src/sessions/flusher.ts",
    from: "        this.#retryLater();",
    to: "",
  },
  {
    name: "forget a timer: sessions wait for ever",
    file: "src/sessions/claims.ts",
    from: "    this.wakeAt(claim, atMs);\n    claim.suspended",
    to: "    claim.suspended",
  },
  {
    name: "reuse a presence reference",
    file: "src/presence/presence.ts",
    from: "    this.#changes.left(before);\n    this.#changes.joined(entry);",
    to: "    this.#changes.joined({ ...entry, ref: before.ref, clock: before.clock });",
  },
  {
    name: "swap two offsets",
    file: "src/topics/history.ts",
    from: "    if (head.epoch === before.epoch && head.offset === offset) return;",
    to: `    const [one, other] = publications.filter(({ kept }) => kept !== null);
    if (other !== undefined) [one.position, other.position] = [other.position, one.position];
    if (head.epoch === before.epoch && head.offset === offset) return;`,
  },
  {
    name: "lose a dead letter",
    file: "src/actors/message_loop.ts",
    from: "    this.kernel.deadLetters.record(reason, message, this.path);",
    to: '    if (reason !== "stopped") this.kernel.deadLetters.record(reason, message, this.path);',
  },
  {
    name: "leak a subscriber",
    file: "src/sessions/members.ts",
    from: "if (!members?.delete(channel)) return;",
    to: "if (!members?.has(channel) || channel.isAway) return;\n    members.delete(channel);",
  },
  {
    name: "apply a presence difference twice",
    file: "src/presence/presence.ts",
    from: '      this.#publish("presence_diff", new JsonText(changes.text));',
    to:
      '      this.#publish("presence_diff", new JsonText(changes.text));\n      this.#publish("presence_diff", new JsonText(changes.text));',
  },
  {
    name: "answer before the commit",
    file: "src/sessions/channel_subscription.ts",
    from: "if (!this.#output.blocked || this.#stage === OVER) return this.#voice.write(frame);",
    to: "return this.#voice.write(frame);",
  },
  {
    name: "forget what was answered already",
    file: "src/sessions/dedupe_window.ts",
    from: "    const known = this.#byKey.get(key);",
    to:
      "    const entry = this.#byKey.get(key);\n    const known = this.#pending.has(entry!) ? entry : undefined;",
  },
  {
    name: "replay one too few",
    file: "src/topics/history.ts",
    from: "      const max = this.#head.offset - plan.after;",
    to: "      const max = Math.max(this.#head.offset - plan.after - 1, 1);",
  },
  {
    name: "say that all is recovered",
    file: "src/topics/recovery.ts",
    from: "if (firstOffset === plan.asked + 1)",
    to: "if (firstOffset > plan.asked)",
  },
  {
    name: "do not tell what a slow reader has missed",
    file: "src/sessions/slow_reader.ts",
    from: "if (this.#count === 0 ||",
    to: "if (this.#count < 3 ||",
  },
  {
    name: "take the head of another topic for one's own",
    file: "src/topics/committer.ts",
    from: "      topic.settle(heads[i]);",
    to: "      topic.settle(heads[Math.min(i, 1)]);",
  },
  {
    name: "a snapshot without what is being stored",
    file: "src/topics/topic_state.ts",
    from: "    return JSON.stringify(this.#queued);",
    to: "    return JSON.stringify(this.#committed);",
  },
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
    name: "a session that is claimed keeps its old connection",
    file: "src/sessions/session.ts",
    from: "      replaced.replaced?.();",
    to: "",
  },
  {
    name: "who is left out gets it all the same, if it was away",
    file: "src/topics/history.ts",
    from: "  if (recipients === null) return null;",
    to: "  if (recipients !== undefined) return null;",
  },
  {
    name: "a connection that breaks is not noticed",
    file: "src/sessions/connection.ts",
    from: "  closed(code: number, reason: string): void {",
    to: "  closed(code: number, reason: string): void {\n    if (code === 1006) return;",
  },
  {
    name: "the last of an outbox stays behind",
    file: "src/sessions/outbox.ts",
    from: "    if (frames.length > 0) this.#handOverOwn(frames);\n    return true;",
    to:
      "    if (frames.length > 0) this.#handOverOwn(frames.length > 5 ? frames.slice(0, -1) : frames);\n    return true;",
  },
  {
    name: "a topic is not let go of",
    file: "src/topics/topics.ts",
    from: "if (running?.ref !== ref || --running.leases > 0) return;",
    to: "if (running?.ref !== ref || --running.leases >= 0) return;",
  },
  {
    name: "a transaction sees what is stored alone",
    file: "src/topics/topic_state.ts",
    from: "      events = transaction.run(this.#queued);",
    to: "      events = transaction.run(this.#committed);",
  },
];
