/**
 * Bugs on purpose in topics, their histories and states, patterns and presence.
 *
 * @module
 */

import type { Bug } from "../bugs.ts";

/** All of them. */
export const TOPICS: readonly Bug[] = [
  {
    name: "skip a commit",
    file: "src/topics/topic.ts",
    from: "if (this.#entries.length > 0 || this.#touched) this.#schedule(this.#touched);",
    to: "if (this.#touched) this.#schedule(this.#touched);",
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
    to:
      "    const [one, other] = publications.filter(({ kept }) => kept !== null);\n    if (other !== undefined) [one.position, other.position] = [other.position, one.position];\n    if (head.epoch === before.epoch && head.offset === offset) return;",
  },
  {
    name: "apply a presence difference twice",
    file: "src/presence/presence.ts",
    from: '      this.#publish("presence_diff", new JsonText(changes.text));',
    to:
      '      this.#publish("presence_diff", new JsonText(changes.text));\n      this.#publish("presence_diff", new JsonText(changes.text));',
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
    name: "who is left out gets it all the same, if it was away",
    file: "src/topics/history.ts",
    from: "  if (recipients === null) return null;",
    to: "  if (recipients !== undefined) return null;",
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
  {
    name: "a topic is not busy while it is stored by a log that takes its time",
    file: "src/topics/committer.ts",
    from: "    for (const { name } of topics) this.#busy.add(name);\n    const { clock",
    to: "    const { clock",
  },
  {
    name: "a topic whose append is late begins again before that is done",
    file: "src/topics/committer.ts",
    from: "      this.#overdue.add(topic.name);\n",
    to: "      this.#settled(topic.name);\n",
  },
  {
    name: "an overflow of what is kept for one whose past is read is not told",
    file: "src/topics/recovering.ts",
    from: 'if ("frame" in dropped && dropped.published.position !== null) this.#overflowed = true;',
    to: "void dropped;",
  },
  {
    name: "counted presence: the sample is told when the number changes alone",
    file: "src/presence/presence.ts",
    from: "    if (told.text === this.#said) return;\n    this.#said = told.text;",
    to:
      "    const size = String(this.#roster.size);\n    if (size === this.#said) return;\n    this.#said = size;",
  },
  {
    name: "a pattern that goes takes its siblings along",
    file: "src/topics/pattern_trie.ts",
    from: "i >= 0 && isEmpty(node); i--)",
    to: "i >= 0; i--)",
  },
  {
    name: "a snapshot lacks the last event",
    file: "src/topics/topic_state.ts",
    from: "    this.#sinceSnapshot = 0;\n    return JSON",
    to:
      "    this.#sinceSnapshot = 0;\n    if (this.#pending.length > 2) return JSON.stringify(this.#pending.at(-2)!.after);\n    return JSON",
  },
  {
    name: "the first key of a member stays present when it leaves",
    file: "src/presence/presence.ts",
    from: "    for (const refs of keys.values()) refs.forEach((ref) => this.#remove(ref));",
    to: "    for (const refs of [...keys.values()].slice(1)) refs.forEach((ref) => this.#remove(ref));",
  },
  {
    name: "pages of presence skip one",
    file: "src/presence/roster.ts",
    from: "if (this.#numbers[middle] <= number) low",
    to: "if (this.#numbers[middle] <= number + 1) low",
  },
  {
    name: "an append that fails takes other topics along",
    file: "src/topics/committer.ts",
    from: "    topics.forEach((topic, i) => this.#append([topic], [batches[i]]));",
    to: "    for (const [i, topic] of topics.entries()) this.#failed([topic], [batches[i]], error);",
  },
  {
    name: "a topic that has failed begins again at once",
    file: "src/topics/topics.ts",
    from: "    if (retryAfterMs > 0) throw unavailable(",
    to: "    if (retryAfterMs > 9e9) throw unavailable(",
  },
  {
    name: "what was decided upon a state that has never been is stored",
    file: "src/topics/topic.ts",
    from: "    if (this.#setup.history?.folded) this.#entries = lose(this.#entries);\n",
    to: "",
  },
  {
    name: "a topic stops under members that came in time",
    file: "src/topics/topics.ts",
    from: "this.#log.hold?.(name);\n    this.#stopIdleTimer(running);",
    to: "this.#log.hold?.(name);",
  },
  {
    name: "presence is not told of one that leaves",
    file: "src/topics/topic.ts",
    from: "    this.#remove(subscriber);\n    this.#extensions?.left(subscriber);",
    to: "    this.#remove(subscriber);",
  },
  {
    name: "only the first filter of a turn counts",
    file: "src/topics/fanout.ts",
    from: "this.#filtered = publications.some((publication) => publication.filter !== null);",
    to: "this.#filtered = publications.slice(0, 1).some((publication) => publication.filter !== null);",
  },
  {
    name: "the author's pattern gets what leaves the author out",
    file: "src/topics/matched.ts",
    from:
      "return (subscriber) => filter(subscriber.connectionId === author.connectionId ? author : subscriber);",
    to: "return filter;",
  },
  {
    name: "a new pattern does not change the routes of topics",
    file: "src/topics/patterns.ts",
    from: "if (this.#trie.add(pattern.pattern, pattern)) this.#changed();",
    to: "this.#trie.add(pattern.pattern, pattern);",
  },
  {
    name: "a client is greeted with an old state",
    file: "src/topics/topic_state.ts",
    from: "    this.#greeting = null;\n  }\n\n  joining",
    to: "  }\n\n  joining",
  },
  {
    name: "a gap is told one too long",
    file: "src/topics/recovery.ts",
    from: "gap: { from: plan.asked + 1, to: firstOffset - 1 } };",
    to: "gap: { from: plan.asked + 1, to: firstOffset } };",
  },
  {
    name: "an update of a presence names what nobody has seen",
    file: "src/presence/changes.ts",
    from: "return this.#joins.has(entry.ref) ? entry.value.prev : entry.ref;",
    to: "return entry.ref;",
  },
  {
    name: "a history is held for ever",
    file: "src/topics/topics.ts",
    from: "if (running.isKept) this.#log.release?.(name);\n    this.#idle",
    to: "this.#idle",
  },
  {
    name: "a topic that fails holds its history for ever",
    file: "src/topics/topics.ts",
    from: "if (running.leases > 0 && running.isKept) this.#log.release?.(name);",
    to: "",
  },
  {
    name: "one whose past is read gets what was published before it came, twice",
    file: "src/topics/topic.ts",
    from: "fanout.deliver(standIn, from);",
    to: "fanout.deliver(standIn);",
  },
  {
    name: "what fails to be stored takes subscriptions along",
    file: "src/topics/topic.ts",
    from: 'if (!("publication" in entry) || entry.publication.kept === null) return true;',
    to:
      'if (!("publication" in entry)) return false;\n        if (entry.publication.kept === null) return true;',
  },
  {
    name: "who has lost something while its past was read is greeted with an old state",
    file: "src/topics/topic.ts",
    from: "const fresh = overflowed ? this.#extensions?.joining(subscriber) ?? [] : greetings;",
    to: "const fresh = greetings;",
  },
  {
    name: "the newest of what is kept for one whose past is read goes first",
    file: "src/topics/recovering.ts",
    from: 'const [dropped] = this.#kept.splice(this.#kept.findIndex((kept) => "frame" in kept), 1);',
    to: 'const [dropped] = this.#kept.splice(this.#kept.findLastIndex((kept) => "frame" in kept), 1);',
  },
  {
    name: "a position of another history is gone on from",
    file: "src/topics/recovery.ts",
    from: "epoch === head.epoch || (epoch === null && offset === 0)",
    to: "epoch !== null || offset === 0",
  },
];
