import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/base/clock.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { Counters } from "../../src/base/inspect.ts";
import { type Durability, type SqliteLog, sqliteLog } from "../../src/stores/sqlite.ts";
import { SqliteFile } from "../../src/stores/sqlite_file.ts";
import { TempFiles } from "./temp_files.ts";

const LIMITS = { size: 1_000, ttlMs: 86_400_000, folded: false };
const ENTRY = { event: "said", data: `"${"x".repeat(1_000)}"`, atMs: 1e15, recipients: null };

function fill(log: SqliteLog): void {
  for (let i = 0; i < 100; i++) log.append([{ topic: "room", entries: [ENTRY, ENTRY], limits: LIMITS }]);
}

/** How opening fails. */
function refusal(path: string): { code: string; retryable: boolean } {
  const { code, retryable } = assertThrows(() => sqliteLog({ path }), TroupeError, path);
  return { code, retryable };
}

/** What a program in a Deno of its own, with these permissions and no others, says about the file. */
function runApart(path: string, program: string, ...permissions: string[]): string {
  const entry = new URL("../../src/stores/sqlite.ts", import.meta.url).href;
  const code = `import { sqliteLog } from "${entry}"; const path = ${JSON.stringify(path)};\n${program}`;
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
      ...permissions,
      `data:application/typescript,${encodeURIComponent(code)}`,
    ],
  }).outputSync();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("sqliteLog: it needs to read and write its own file, and nothing else", () => {
  using files = new TempFiles();
  const path = files.path();
  const said = runApart(
    path,
    "const log = sqliteLog({ path }); console.log(log.head('room').offset); log.close();",
    `--allow-read=${path}`,
    `--allow-write=${path}`,
  );
  assertEquals(said, "0");
});

Deno.test("sqliteLog: a file that another server has open is refused, and stays what it is", () => {
  using files = new TempFiles();
  const path = files.path();
  const log = sqliteLog({ path });
  fill(log);
  const head = log.head("room");
  const said = runApart(
    path,
    "try { sqliteLog({ path }) } catch (e) { console.log(e.code, e.message) }",
    "-A",
  );
  assertMatch(said, /^log_in_use .*another server has it open/);
  assertEquals(refusal(path), { code: "log_in_use", retryable: true }); // in the same process, too
  fill(log);
  log.close();
  const again = sqliteLog({ path });
  assertEquals(again.head("room"), { ...head, offset: 400 });
  again.close();
});

Deno.test("sqliteLog: what is no log, or of another program, or damaged, is refused and left alone", () => {
  using files = new TempFiles();
  const text = files.path("notes.txt");
  Deno.writeTextFileSync(text, "not a database. ".repeat(1_000));
  assertEquals(refusal(text).code, "log_unreadable");
  assertEquals(Deno.readTextFileSync(text), "not a database. ".repeat(1_000));

  const other = files.path("other.db");
  using db = new DatabaseSync(other);
  db.exec("CREATE TABLE customers (name TEXT)");
  db.close();
  assertEquals(refusal(other).code, "log_unreadable");

  assertEquals(refusal(files.path("no/such/folder.db")).code, "log_unavailable");
});

Deno.test("sqliteLog: of a file that was cut off or overwritten, nothing false is served", () => {
  using files = new TempFiles();
  const log = sqliteLog({ path: files.path("whole.db") });
  fill(log);
  const { epoch } = log.head("room");
  log.close();
  const whole = Deno.readFileSync(files.path("whole.db"));
  const codes = new Set<string>();
  for (let i = 1; i <= 20; i++) {
    const path = files.path(`damaged-${i}.db`);
    const damaged = i % 2 === 0 ? whole.slice(0, whole.length * i / 21) : whole.slice();
    if (i % 2 === 1) damaged.fill(0, whole.length * i / 21, whole.length * i / 21 + 8_192);
    Deno.writeFileSync(path, damaged);
    let damagedLog: SqliteLog | null = null;
    try {
      damagedLog = sqliteLog({ path });
      const page = damagedLog.read("room", 0, 1_000);
      if (page.head.epoch !== epoch) continue;
      for (const [at, entry] of page.entries.entries()) {
        assertEquals(entry, { ...ENTRY, offset: at + 1 });
      }
    } catch (error) {
      assert(error instanceof TroupeError, `${error}`);
      codes.add(error.code);
    } finally {
      damagedLog?.close();
    }
  }
  assertEquals([...codes], ["log_unreadable"]);
});

Deno.test("sqliteLog: a file of a later version is refused, and says which it is", () => {
  using files = new TempFiles();
  const path = files.path();
  sqliteLog({ path }).close();
  using db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 99");
  db.close();
  const error = assertThrows(() => sqliteLog({ path }), TroupeError, "version 99");
  assertEquals([error.code, error.details], ["log_too_new", { version: 99, accepted: 1 }]);
  assertMatch(error.message, /up to 1\b/);
});

Deno.test("SqliteFile: a full disk is an error that may pass, and leaves the transaction undone", () => {
  using files = new TempFiles();
  const file = new SqliteFile(files.path(), "process", systemClock, () => {});
  file.db.exec("CREATE TABLE notes (data BLOB) STRICT");
  const fill = () =>
    file.transaction(() => {
      for (let i = 0; i < 10; i++) {
        file.db.prepare("INSERT INTO notes VALUES (?)").run(new Uint8Array(10_000));
      }
    });
  file.db.exec("PRAGMA max_page_count = 20");
  const error = assertThrows(fill, TroupeError, files.path());
  assertEquals([error.code, error.retryable], ["log_full", true]);
  const count = () => file.db.prepare("SELECT count(*) AS n FROM notes").get()!.n;
  assertEquals(count(), 0);
  file.db.exec("PRAGMA max_page_count = 1000");
  fill();
  assertEquals(count(), 10);
  file.close();
});

Deno.test("sqliteLog: once it is closed, it says so; closing twice is as good as once", () => {
  using files = new TempFiles();
  const log = sqliteLog({ path: files.path() });
  fill(log);
  log.close();
  log.close();
  for (const use of [() => log.head("room"), () => fill(log), () => log.bytes]) {
    assertEquals(assertThrows(use, TroupeError).code, "log_closed");
  }
});

Deno.test("sqliteLog: where the machine went down, epochs are new unless each turn has waited for the disk", () => {
  const cases: [durability: Durability, boot: string | null | undefined, isRenewed: boolean][] = [
    ["process", undefined, false], // killed, and the machine has been up since
    ["process", "another", true],
    ["process", null, true],
    ["machine", "another", false],
  ];
  for (const [durability, boot, isRenewed] of cases) {
    using files = new TempFiles();
    const log = sqliteLog({ path: files.path("running.db"), durability });
    fill(log);
    const head = log.head("room");
    const path = files.copy("running.db", "left.db");
    log.close();
    if (boot !== undefined) {
      using db = new DatabaseSync(path);
      db.prepare("UPDATE owner SET boot = ?").run(boot);
    }
    const counters = new Counters();
    const left = sqliteLog({ path, counters });
    const now = left.head("room");
    assertEquals([now.offset, now.epoch !== head.epoch], [200, isRenewed], `${durability}, ${boot}`);
    assertEquals(counters.get("log.renewed"), isRenewed ? 1 : 0);
    assertEquals(left.read("room", 0, 1_000).entries.length, 200);
    left.close();
    const closed = sqliteLog({ path });
    assertEquals(closed.head("room"), now);
    closed.close();
  }
});

Deno.test("sqliteLog: who may not ask whether the machine was up does not claim that it was", () => {
  using files = new TempFiles();
  const path = files.path();
  const killed = "const log = sqliteLog({ path }); console.log(log.head('room').epoch); Deno.exit(0);"; // not closed
  const blind = [`--allow-read=${path}`, `--allow-write=${path}`];
  const seeing = [...blind, "--allow-sys=osUptime"];
  const epochs = [blind, blind, seeing, seeing].map((may) => runApart(path, killed, ...may));
  assertEquals([new Set(epochs).size, epochs[3]], [3, epochs[2]]);
});
