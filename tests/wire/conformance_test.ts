// What both WebSocket transports make of whatever a client does below our messages: the table in docs/wire.md.

import { assertEquals } from "@std/assert";
import { type Transport, websocket } from "../../mod.ts";
import { ws } from "../../src/transport/ws/mod.ts";
import { until } from "../app/client.ts";
import { Bystander } from "../fuzz/server.ts";
import { EchoServer, type Outcome } from "./conformance.ts";
import { ENDINGS } from "./conformance_endings.ts";
import { cellOf, FRAMES, type Row, type Verdict, type Way } from "./conformance_rows.ts";

const ROWS = [...FRAMES, ...ENDINGS];
const PAGE = Deno.readTextFileSync(new URL("../../docs/wire.md", import.meta.url));

function expected(verdict: Verdict, { messages = [], before = [], pongs = [], code }: Way): Outcome {
  switch (verdict) {
    case "accepted":
      return { delivered: messages, pongs, wire: null, told: null };
    case "ignored":
      return { delivered: [], pongs: [], wire: null, told: null };
    case "dropped":
      return { delivered: before, pongs: [], wire: "dropped", told: 1006 };
    case "echoed":
      return { delivered: before, pongs: [], wire: code!, told: code! };
  }
  const { wire, told } = typeof verdict === "number" ? { wire: verdict, told: verdict } : verdict;
  return { delivered: before, pongs: [], wire, told };
}

/** Does all that is in a row, and whoever else is connected hears nothing of it. */
async function suffer(transport: Transport, row: Row, verdict: Verdict): Promise<void> {
  const server = new EchoServer(transport);
  const { app, port } = server;
  try {
    const bystander = await Bystander.join(app, port);
    const living = bystander.live();
    const lives = verdict === "accepted" || verdict === "ignored";
    for (const [way, deeds] of Object.entries(row.ways)) {
      const outcome = await Promise.race([
        server.suffer(deeds, lives),
        living.then(() => Promise.reject(new Error("the bystander has stopped"))),
      ]);
      assertEquals({ way, ...outcome }, { way, ...expected(verdict, deeds) });
    }
    await bystander.stop(living);
    await until(() => app.connections.size === 0);
    for (const name of ["connections.crashed", "components.errors", "scheduler.faults"]) {
      assertEquals([name, app.system.counters.get(name)], [name, 0]);
    }
  } finally {
    await server.close();
  }
  assertEquals(app.system.actorCount, 0);
}

for (const row of ROWS) {
  Deno.test(`RFC 6455, runtime: ${row.what}: ${cellOf(row.runtime)}`, () =>
    suffer(websocket, row, row.runtime));
  Deno.test(`RFC 6455, ws: ${row.what}: ${cellOf(row.ws)}`, () => suffer(ws(), row, row.ws));
}

Deno.test("docs/wire.md has the rows of this table, each as it is tested", () => {
  const table = PAGE.split("### Frame by frame\n")[1].split("\n#")[0];
  const rows = table.split("\n").filter((line) => line.startsWith("| ")).slice(2)
    .map((line) => line.slice(1, -1).split(" | ").map((cell) => cell.trim()));
  assertEquals(
    rows,
    ROWS.map(({ what, rfc, runtime, ws, ours }) => [what, rfc, cellOf(runtime), cellOf(ws), ours]),
  );
});
