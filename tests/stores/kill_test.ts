import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/base/random.ts";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { QUICK } from "../optional.ts";
import { TempFiles } from "./temp_files.ts";

const KILLS = QUICK ? 10 : 50;
const random = seededRandom(50);

/** Runs the child on `path` until it is killed, and gives the lines that it has written whole. */
async function linesUntilKilled(path: string): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", new URL("kill_child.ts", import.meta.url).pathname, path],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // Every fifth dies while it opens the file, or soon after; the others some time after their first turn.
  const killIn = (ms: number) => setTimeout(() => child.kill("SIGKILL"), ms);
  const isEarly = random.integer(5) === 0;
  if (isEarly) killIn(30 + random.integer(60));
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (text === "" && !isEarly) killIn(random.float() * 30);
    text += part;
  }
  const [{ signal }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([signal, errors], ["SIGKILL", ""]);
  return text.split("\n").slice(0, -1);
}

interface Said {
  readonly turn: number;
  readonly n: number;
  readonly of: number;
  readonly text: string;
}

Deno.test(`sqliteLog: killed ${KILLS} times, it loses nothing that it has acknowledged, and serves nothing torn`, async () => {
  using files = new TempFiles();
  const path = files.path();
  const epochs = new Map<string, string>();
  const acknowledged = new Map<string, number>();
  let turns = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    for (const line of await linesUntilKilled(path)) {
      const [turn, ...heads] = line.split(" ");
      assert(Number(turn) > turns, `turn ${turn} comes behind ${turns}: an older one has come back`);
      turns = Number(turn);
      for (const head of heads) {
        const [topic, epoch, offset] = head.split(":");
        assertEquals(epoch, epochs.get(topic) ?? epoch, "a history that goes on has kept its epoch");
        epochs.set(topic, epoch);
        acknowledged.set(topic, Number(offset));
      }
    }
    const log = sqliteLog({ path });
    let lastTurn = 0;
    for (const [topic, epoch] of epochs) {
      const { head, entries } = log.read(`room:${topic}`, 0, Infinity);
      assertEquals(head.epoch, epoch);
      assert(
        head.offset >= acknowledged.get(topic)!,
        `${topic} ends at ${head.offset}, acknowledged was more`,
      );
      const first = entries[0].offset;
      const expected = Array.from({ length: head.offset - first + 1 }, (_, i) => first + i);
      assertEquals(entries.map(({ offset }) => offset), expected);
      const said = entries.map(({ data }) => JSON.parse(data as string) as Said);
      for (const [i, { turn, n, of, text }] of said.entries()) {
        assertEquals([entries[i].atMs, text], [turn, "é".repeat(turn * 37 % 3_000)]);
        if (n > 0 && i > 0) assertEquals(said[i - 1], { ...said[i], n: n - 1 });
        if (n < of - 1) assertEquals(said[i + 1]?.n, n + 1, "a turn that was stored in part");
      }
      // A turn is stored for all its topics, or for none: the first is in each, the others in some.
      const newest = said.at(-1)!.turn;
      if (topic === "a") lastTurn = newest;
      else assertEquals(newest, lastIn(lastTurn, topic === "b" ? 1 : 2));
      const snapshot = log.snapshot(`room:${topic}`);
      if (snapshot !== null) {
        const { turn } = JSON.parse(snapshot.data);
        const at = said.findIndex((each) => each.turn > turn);
        if (at > 0) assertEquals(snapshot.offset, entries[at].offset - 1);
      }
    }
    log.close();
  }
  assert(turns > KILLS / 2, `only ${turns} turns were acknowledged`);
});

/** The last turn up to `turn` that has the topic with this index: turn t has the first 1 + t mod 3. */
function lastIn(turn: number, index: number): number {
  while (turn % 3 < index) turn--;
  return turn;
}
