// Our client in a room of the same contract as examples/room.ts: typed, checked, and back by itself.
import { connect, eventsOf } from "@troupe/core/client";
import { defineTopic } from "@troupe/core/contract";
import { z } from "zod"; // in a page: import * as z from "zod/mini"

// #region contract
export const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.string() }), reply: z.object({ motd: z.string() }) },
  client: { say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) } },
  server: { said: z.object({ id: z.string(), by: z.string(), text: z.string() }) },
});
// #endregion

/** Says something in a room, and resolves with what was answered, and with what the room heard. */
export async function converse(url: string, token: string, texts: string[]): Promise<string[]> {
  // #region client
  const troupe = connect(url, { token: () => token });
  const room = troupe.join(Room, { id: "7" }, { nickname: "Ada" });
  const heard = eventsOf(room, "said");
  for (const text of texts) await room.send("say", { text });
  await room.leave();
  const lines: string[] = [];
  for await (const { by, text } of heard) lines.push(`${by}: ${text}`);
  await troupe.close();
  // #endregion
  return lines;
}
