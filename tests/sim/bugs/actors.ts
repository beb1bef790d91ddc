/**
 * Bugs on purpose in actors, their mailboxes, timers and supervisors.
 *
 * @module
 */

import type { Bug } from "../bugs.ts";

/** All of them. */
export const ACTORS: readonly Bug[] = [
  {
    name: "lose a dead letter",
    file: "src/actors/message_loop.ts",
    from: "    this.kernel.deadLetters.record(reason, message, this.path);",
    to: '    if (reason !== "stopped") this.kernel.deadLetters.record(reason, message, this.path);',
  },
  {
    name: "an actor that is left ready is not run again",
    file: "src/actors/scheduler.ts",
    from:
      "      if (!this.#requested && (this.#length > 0 || this.#settlements.length > 0)) this.#request();\n",
    to: "",
  },
  {
    name: "an actor at the bound of its run is not ready any more",
    file: "src/actors/message_loop.ts",
    from: "        this.ready();\n        break;",
    to: "        break;",
  },
  {
    name: "what is put back into a mailbox changes its order",
    file: "src/actors/message_loop.ts",
    from: "for (let i = messages.length - 1; i >= 0; i--) box.unshift(messages[i]);",
    to: "for (const message of messages) box.unshift(message);",
  },
  {
    name: "what is put back into a mailbox goes behind what waits",
    file: "src/actors/message_loop.ts",
    from: "for (let i = messages.length - 1; i >= 0; i--) box.unshift(messages[i]);",
    to: "for (const message of messages) box.push(message);",
  },
  {
    name: "a group is restarted without its last",
    file: "src/actors/family.ts",
    from: "    this.#toRestart = group.reverse();",
    to: "    this.#toRestart = group.reverse().slice(Math.min(group.length - 1, 1));",
  },
  {
    name: "what an actor has put aside is lost at its end",
    file: "src/actors/cell.ts",
    from: "    if (stash.length > 0) this.rare().leftOver = stash;\n",
    to: "",
  },
  {
    name: "an actor's timers survive it",
    file: "src/actors/context.ts",
    from: "    this.#extras?.timers?.cancelAll();\n",
    to: "",
  },
  {
    name: "ticks drift from their grid",
    file: "src/actors/timers.ts",
    from: "this.#dueMs += (missed + 1) * this.#periodMs;",
    to: "this.#dueMs += (missed + 1) * this.#periodMs + 1;",
  },
  {
    name: "a mailbox that grows loses its order",
    file: "src/actors/mailbox.ts",
    from: "for (let i = 0; i < size; i++) ring[i] = this.#ring[(this.#head + i) & this.#mask];",
    to: "for (let i = 0; i < size; i++) ring[i] = this.#ring[i];",
  },
  {
    name: "the run queue loses what it carries when it grows",
    file: "src/actors/scheduler.ts",
    from: "      carried[i] = this.#carried[(this.#head + i) & this.#mask];\n",
    to: "",
    seeds: 5_000,
  },
  {
    name: "the last of an actor's watchers is not told",
    file: "src/actors/death_watch.ts",
    from: "for (const watcher of this.#watchers) watcher.terminated(ref, reason);",
    to:
      "for (const watcher of [...this.#watchers].slice(0, Math.max(this.#watchers.size - 1, 2))) watcher.terminated(ref, reason);",
  },
  {
    name: "a group's restart stops at a child that ends by itself",
    file: "src/actors/family.ts",
    from:
      '      if (restart === "temporary") return "terminate"; // childGone goes on\n      this.#endedInGroup(child);',
    to: '      if (restart === "temporary") return "terminate"; // childGone goes on',
  },
  {
    name: "a message that an actor carried over its restart is lost",
    file: "src/actors/message_loop.ts",
    from:
      '    if (this.phase === ENDED) this.discard("stopped", message);\n    else this.putBack([message]);',
    to: '    if (this.phase === ENDED) this.discard("stopped", message);',
  },
  {
    name: "an actor handles messages while it waits for a promise",
    file: "src/actors/message_loop.ts",
    from: "    if (this.context === context) this.phase = phase;\n",
    to: "",
  },
  {
    name: "what waits for an actor at its end is no dead letter",
    file: "src/actors/cell.ts",
    from: 'while (box !== null && box.length > 0) this.discard("stopped", box.shift());',
    to: "while (box !== null && box.length > 0) box.shift();",
  },
  {
    name: "those who come behind one that fails are not restarted with it",
    file: "src/actors/family.ts",
    from: "all.slice(all.indexOf(failed))",
    to: "all.slice(all.indexOf(failed), all.indexOf(failed) + 1)",
  },
];
