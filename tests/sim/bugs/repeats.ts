/** What clients send again, and the answers that wait. */

import type { Bug } from "../bugs.ts";

/** What clients send again, and the answers that wait. */
export const REPEATS: readonly Bug[] = [
  {
    name: "forget what was answered already",
    file: "src/sessions/dedupe_window.ts",
    from: "    const known = this.#byKey.get(key);",
    to: "    const known = this.#pending.get(key);",
  },
  {
    name: "the window of names forgets the newest",
    file: "src/sessions/dedupe_window.ts",
    from: "for (const each of this.#byKey.values()) if (each.repeats",
    to: "for (const each of [...this.#byKey.values()].reverse()) if (each.repeats",
  },
  {
    name: "an answer passes one barrier too many",
    file: "src/sessions/held_output.ts",
    from: "held[count].after <= this.#passed)",
    to: "held[count].after <= this.#passed + 1)",
  },
  {
    name: "repetitions of what is pending get no answer",
    file: "src/sessions/dedupe_window.ts",
    from: "    return repeatsOf(entry);\n  }",
    to: "    return NOBODY;\n  }",
  },
  {
    name: "an answer that waits says ok of what could not be stored",
    file: "src/sessions/held_output.ts",
    from: 'typeof kind === "object" && isLost(kind)',
    to: "false",
  },
  {
    name: "a repetition is answered ahead of what came before it",
    file: "src/sessions/named_message.ts",
    from: "channel.isAbsent || window.isPast(message.topic, id, channel);",
    to: "false;",
  },
  {
    name: "a repetition waits for a channel that has been replaced",
    file: "src/sessions/dedupe_window.ts",
    from: " || known.by !== by",
    to: "",
  },
  {
    name: "what could not be stored cannot come again",
    file: "src/sessions/dedupe_window.ts",
    from:
      "    if (known === undefined || known.lost !== null) {\n      if (known !== undefined) this.#forget(known);\n",
    to: "    if (known === undefined) {\n",
  },
  {
    name: "a message's name is the same in all topics",
    file: "src/sessions/dedupe_window.ts",
    from: "return `${topic}\\n${id}`;",
    to: "return id;",
  },
  {
    name: "repetitions of the connection before are answered over the next",
    file: "src/sessions/dedupe_window.ts",
    from: "      entry.repeats = [];\n      if (entry.lost",
    to: "      if (entry.lost",
  },
];
