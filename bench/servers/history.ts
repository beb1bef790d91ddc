/**
 * The engine with histories: the topics `plain:*` have none, and `kept:*` keep 1,000 publications, in memory, or in the
 * file that the environment names as `BENCH_FILE`.
 *
 * @module
 */

import { type AppOptions, memoryLog } from "../../mod.ts";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { benchApp } from "./app.ts";
import { announce } from "./process.ts";

const path = Deno.env.get("BENCH_FILE");
const log: AppOptions["log"] = path === undefined ? memoryLog() : sqliteLog({ path });
const app = benchApp({ log })
  .topic("kept:*", {
    history: { size: 1_000, ttlMs: 86_400_000 },
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
  });
announce(app.listen({ port: 0 }).port);
