/**
 * Where the ready server keeps the histories of its rooms.
 *
 * @module
 */

import { type Log, TroupeError } from "../../mod.ts";

/** A folder that cannot be used; the message is one line that says why, and what to do. */
export class DataFault extends Error {
  /** `DataFault`. */
  override readonly name = "DataFault";
}

/** The file in the folder. */
const FILE = "troupe.db";

/** What it takes to use the folder. */
const PERMISSIONS = "--allow-read=DIR --allow-write=DIR --allow-sys=osUptime";

/** The log in the folder `dataDir`, which is made if it is not there; nothing for none. Rejects with {@link DataFault}. */
export async function openData(dataDir: string): Promise<Log | undefined> {
  if (dataDir === "") return undefined;
  const place = `Cannot use --data-dir ${JSON.stringify(dataDir)}`;
  try {
    Deno.mkdirSync(dataDir, { recursive: true });
    const { sqliteLog } = await import("../stores/sqlite.ts");
    return sqliteLog({ path: `${dataDir.replace(/\/+$/, "")}/${FILE}` });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw new DataFault(`${place}: run it with ${PERMISSIONS}`);
    const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
    const retry = error instanceof TroupeError && error.retryable ? ". Try again when that has ended" : "";
    throw new DataFault(`${place}: ${message}${retry}`);
  }
}
