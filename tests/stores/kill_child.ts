/**
 * Appends to the log at the path that it is given until it is killed, as a busy server would: turns of some topics each.
 * It says what was acknowledged, a line a turn, once it is: `<turn> <topic>:<epoch>:<offset> …`.
 *
 * @module
 */

import { sqliteLog } from "../../src/stores/sqlite.ts";

const TOPICS = ["room:a", "room:b", "room:c"];

const log = sqliteLog({ path: Deno.args[0] });
const out = new TextEncoder();
// The turn goes on where the log ends: each topic's last entry says in which turn it came.
let turn = Math.max(...TOPICS.map((topic) => {
  const { head } = log.read(topic, 0, 0);
  const [last] = log.read(topic, head.offset - 1, 1).entries;
  return last === undefined ? 0 : JSON.parse(last.data as string).turn as number;
}));
while (true) {
  turn++;
  const batches = TOPICS.slice(0, 1 + turn % TOPICS.length).map((topic, i) => ({
    topic,
    entries: Array.from({ length: 1 + (turn + i) % 3 }, (_, n) => ({
      event: "said",
      data: JSON.stringify({ turn, n, of: 1 + (turn + i) % 3, text: "é".repeat(turn * 37 % 3_000) }),
      atMs: turn,
      recipients: null,
    })),
    limits: { size: 2_000, ttlMs: 1e15, folded: false },
    ...(turn % 10 === 0 ? { snapshot: JSON.stringify({ turn }) } : {}),
  }));
  const heads = log.append(batches);
  const acknowledged = heads.map(({ epoch, offset }, i) =>
    `${batches[i].topic.slice(-1)}:${epoch}:${offset}`
  );
  Deno.stdout.writeSync(out.encode(`${turn} ${acknowledged.join(" ")}\n`));
}
