/**
 * Bugs on purpose in sessions and their channels, connections and outboxes.
 *
 * @module
 */

import type { Bug } from "../bugs.ts";

/** All of them. */
export const SESSIONS: readonly Bug[] = [
  {
    name: "drop a flush",
    file: "src/sessions/flusher.ts",
    from: "while (this.#flushed < end) this.flush(leaving[this.#flushed++]);",
    to: "while (this.#flushed < end) if (++this.#flushed !== 3) this.flush(leaving[this.#flushed - 1]);",
  },
  {
    name: "a flush that is too long for a turn does not go on",
    file: "src/sessions/flusher.ts",
    from: "      this.#scheduler.continueFlush(this.#goOn);",
    to: "      this.#flushed = 0;",
  },
  {
    name: "a flush goes on with the outboxes that it has begun with",
    file: "src/sessions/flusher.ts",
    from: "      this.#scheduler.continueFlush(this.#goOn);",
    to:
      "      this.#flushed = 0;\n      if (this.#leaving.pop() !== undefined) this.#scheduler.continueFlush(this.#goOn);",
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
    name: "leak a subscriber",
    file: "src/sessions/members.ts",
    from: "if (!members?.delete(channel)) return;",
    to: "if (!members?.has(channel) || channel.isAway) return;\n    members.delete(channel);",
  },
  {
    name: "answer before the commit",
    file: "src/sessions/channel_subscription.ts",
    from: "if (!this.#output.blocked || this.#stage === OVER) return this.#voice.write(frame);",
    to: "return this.#voice.write(frame);",
  },
  {
    name: "do not tell what a slow reader has missed",
    file: "src/sessions/slow_reader.ts",
    from: "if (this.#count === 0 ||",
    to: "if (this.#count < 3 ||",
  },
  {
    name: "a session that is claimed keeps its old connection",
    file: "src/sessions/session.ts",
    from: "      replaced.replaced?.();",
    to: "",
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
    name: "what is missed while a client is away is not counted",
    file: "src/sessions/absence.ts",
    from: "    this.missed += count;\n",
    to: "",
  },
  {
    name: "what is told to a channel that has ended is no dead letter",
    file: "src/sessions/channel.ts",
    from: '    this.owner.ports.deadLetters.record("stopped", message, this.topic);\n',
    to: "",
  },
  {
    name: "a join over a connection that has gone brings its client back",
    file: "src/sessions/absence.ts",
    from: "if (this.asked !== arrival || channel.hasEnded) return;",
    to: "if (channel.hasEnded) return;",
  },
  {
    name: "a client that has gone again is let in",
    file: "src/sessions/absence.ts",
    from: "    if (this.asked !== arrival) return this.#refuse(arrival, {});\n",
    to: "",
  },
  {
    name: "a session that is taken over does not tell its channels",
    file: "src/sessions/session.ts",
    from:
      "      const nextMs = this.#suspendChannels();\n      if (nextMs !== null) this.ports.claims!.wakeAt(claim, nextMs);\n",
    to: "",
  },
  {
    name: "what a replaced channel has said goes out over the next connection",
    file: "src/sessions/session.ts",
    from:
      "for (const channel of [...this.#channels.values(), ...itemsOf(this.#replaced)]) channel.suspend(untilMs);",
    to: "for (const channel of [...this.#channels.values()]) channel.suspend(untilMs);",
  },
  {
    name: "an outbox that has a backlog says that it is done",
    file: "src/sessions/outbox.ts",
    from: "    return all || this.#keep();\n",
    to: "    this.#keep();\n    return true;\n",
  },
  {
    name: "a session can be claimed twice by one secret",
    file: "src/sessions/claims.ts",
    from:
      "    if (!claim.usedIsGood) return;\n    claim.usedIsGood = false;\n    this.#bySecret.delete(claim.used!);",
    to: "",
  },
  {
    name: "the idle wheel fires three times too late",
    file: "src/sessions/idle_wheel.ts",
    from: "if (this.#tick - idler.lastTick >= IDLE_TICKS) {",
    to: "if (this.#tick - idler.lastTick > 3 * IDLE_TICKS) {",
  },
  {
    name: "members of a pattern get what is not granted",
    file: "src/sessions/pattern_subscription.ts",
    from: "const verdict = answer === true;",
    to: "const verdict = true;",
  },
  {
    name: "what was granted once is granted for ever",
    file: "src/sessions/pattern_subscription.ts",
    from: "  override rematch(): void {\n    this.#verdicts.clear();",
    to: "  override rematch(): void {",
  },
  {
    name: "a component's subscription is not let go of",
    file: "src/sessions/component_interpreter.ts",
    from: "    this.#subscriptions.get(topic)?.end();\n",
    to: "",
  },
  {
    name: "a component's publisher gets what it leaves itself out of",
    file: "src/sessions/component_interpreter.ts",
    from: "options.self || own === undefined ? null",
    to: "options.self || own !== undefined ? null",
  },
  {
    name: "a question can be answered twice",
    file: "src/sessions/client_requests.ts",
    from: "    this.#pending.delete(id);\n    this.#channel.owner.ports.clock.clearTimer(pending.timer);",
    to: "    this.#channel.owner.ports.clock.clearTimer(pending.timer);",
  },
  {
    name: "questions outlive their channel",
    file: "src/sessions/channel.ts",
    from: "    this.requests?.end();\n",
    to: "",
  },
  {
    name: "who was refused leaves",
    file: "src/sessions/channel.ts",
    from: "    if (wasJoined) tellOfEnd(",
    to: "    tellOfEnd(",
  },
  {
    name: "the client of a slow reader is told one too few",
    file: "src/sessions/slow_reader.ts",
    from: "      this.#to = offset;\n",
    to: "      this.#to = offset === null ? null : offset - 1;\n",
  },
  {
    name: "a topic's life has no end",
    file: "src/sessions/topic_life.ts",
    from: "      this.#kind.stop?.(this, undefined);",
    to: "",
  },
  {
    name: "who was behind is not told who is present",
    file: "src/sessions/standing_reader.ts",
    from: "    this.#owes = false;\n    this.#caughtUp();",
    to: "    this.#owes = false;",
  },
  {
    name: "handlers are told twice that a client is away",
    file: "src/sessions/absence.ts",
    from: "    if (this.told || this.#channel.hasEnded) return;",
    to: "    if (this.#channel.hasEnded) return;",
  },
  {
    name: "what waits is overtaken by a turn that is shared",
    file: "src/sessions/outbox.ts",
    from: "if (this.#shared === null && this.#frames === NONE && this.#backlog === null) {",
    to: "if (this.#shared === null && this.#frames === NONE) {",
  },
  {
    name: "a turn counts as one publication that is missed",
    file: "src/sessions/absence.ts",
    from: "    this.lose(turn.published.filter(({ event }) => !isOwnEvent(event)).length);",
    to: "    if (turn.published.length > 0) this.lose(1);",
  },
  {
    name: "what waited for one connection goes out over the next",
    file: "src/sessions/channel_subscription.ts",
    from: "    const lost = this.dropHeld();\n",
    to: "    const lost = 0;\n",
  },
  {
    name: "connections are idle too soon",
    file: "src/sessions/idle_wheel.ts",
    from: "const IDLE_TICKS = TICKS + 1;",
    to: "const IDLE_TICKS = TICKS >> 2;",
  },
  {
    name: "a deadline that comes sooner does not move the timer",
    file: "src/sessions/deadlines.ts",
    from: "if (this.#timer === null || deadline.atMs < this.#timerAtMs) this.#setTimer",
    to: "if (this.#timer === null) this.#setTimer",
  },
  {
    name: "a second reply is no dead letter",
    file: "src/sessions/channel_context.ts",
    from:
      '      if (answered) channel.owner.ports.deadLetters.record("late_reply", response, channel.topic);\n      else if (this.#usable(response)) {',
    to: "      if (!answered && this.#usable(response)) {",
  },
  {
    name: "a component handles messages while it waits for a promise",
    file: "src/sessions/component_interpreter.ts",
    from: "        return this.#ports.work.track(pending.catch((error) => this.#failed(error)));",
    to: "        void this.#ports.work.track(pending.catch((error) => this.#failed(error)));",
  },
  {
    name: "a component is closed before it is open",
    file: "src/sessions/component_interpreter.ts",
    from: "    else this.#detached(() => (this.#opening as Promise<void>).then(run));",
    to: "    else this.#detached(run);",
  },
  {
    name: "the session that a client moves from is not ended",
    file: "src/sessions/session.ts",
    from: '    sink.moved(claim.session);\n    this.end({ kind: "closed" });',
    to: "    sink.moved(claim.session);",
  },
  {
    name: "an answer says ok of what could not be stored",
    file: "src/sessions/channel_subscription.ts",
    from: "    if (ref !== null && this.#unstored?.delete(ref)) frame = this.unstoredReply(ref);\n",
    to: "",
  },
  {
    name: "an answer is given although its topic has failed",
    file: "src/sessions/channel_subscription.ts",
    from: "if (history !== null || (!this.#isMember && extensions.size > 0)) this.#output.giveUp();",
    to: "",
  },
  {
    name: "handlers are not told that a client which they have let in is away",
    file: "src/sessions/absence.ts",
    from: "    if (!this.told) this.#channel.tellAway(); // they have let it in, and it is not\n",
    to: "",
  },
  {
    name: "what is kept for one whose past is read is in the version that it had before",
    file: "src/sessions/absence.ts",
    from:
      "      channel.subscription.codec = channel.owner.codec; // what is kept for it while its past is read has that form\n",
    to: "",
  },
  {
    name: "a filter is passed by where a turn has something else, too",
    file: "src/sessions/channel_subscription.ts",
    from: "if (outgoing !== null && turn.published.some(({ event }) => outgoing.has(event))) {",
    to: "if (outgoing !== null && turn.published.every(({ event }) => outgoing.has(event))) {",
  },
  {
    name: "members get what their filters leave out",
    file: "src/sessions/channel_subscription.ts",
    from: "const own = filter === undefined ? frame : this.#filtered(filter, published);",
    to: "const own = frame;",
  },
  {
    name: "a session can be claimed by another user",
    file: "src/sessions/claims.ts",
    from: "claim !== undefined && claim.session.user.id === userId",
    to: "claim !== undefined",
  },
  {
    name: "who may not be a member any more stays",
    file: "src/sessions/recheck.ts",
    from: 'channel.requestEnd({ kind: "kicked", reason: NOT_A_MEMBER });',
    to: "",
  },
  {
    name: "what waits for a step of the application's is forgotten",
    file: "src/sessions/intake.ts",
    from: "this.#waiting = waiting.slice(i + 1); // until",
    to: "this.#waiting = []; // until",
  },
  {
    name: "who is kicked is not told why",
    file: "src/sessions/farewell.ts",
    from:
      'return [codec.push(channel.joinRef, topic, "troupe:kicked", { reason: reason.reason }), closed()];',
    to: "return [closed()];",
  },
  {
    name: "a failure is told as a close",
    file: "src/sessions/farewell.ts",
    from: 'codec.ended(joinRef, topic, "phx_error", { reason: "channel_crash" })',
    to: "closed()",
  },
  {
    name: "who is kicked as its topic ends is told of a failure",
    file: "src/sessions/channel.ts",
    from:
      'if (this.#requested?.end.kind === "kicked") return this.#endAtOnce(this.#requested); // it ends with its members',
    to: "",
  },
  {
    name: "a slow reader is told of the end of a gap alone",
    file: "src/sessions/slow_reader.ts",
    from: "if (number <= this.#firstOut) {",
    to: "if (number >= this.#firstOut) {",
  },
  {
    name: "who speaks to a channel that is over is heard by the next one",
    file: "src/sessions/session.ts",
    from: "!channel.hasEnded && message.joinRef !== null && message.joinRef !== channel.joinRef",
    to: "false",
  },
  {
    name: "an answer that comes too late goes over the next connection",
    file: "src/sessions/answer_client.ts",
    from: "if (!isLate) reply(channel, ref, status, response, named);",
    to: "reply(channel, ref, status, response, named);",
  },
  {
    name: "handlers are told once that a client is away, however often it goes",
    file: "src/sessions/absence.ts",
    from: 'if (status === "ok") this.told = false;',
    to: "",
  },
  {
    name: "what was granted before a refresh is granted behind it",
    file: "src/sessions/pattern_subscription.ts",
    from: "authorizations !== this.#authorizations || state",
    to: "state",
  },
  {
    name: "who has caught up is asked again and again",
    file: "src/sessions/flusher.ts",
    from: "if (this.#behind.size > 0) this.#behind.delete(outbox);",
    to: "",
  },
];
