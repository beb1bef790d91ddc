// A stock phoenix client in a room of room.ts, speaking Troupe's 2.1.0: batches and positions.
import { createCodec } from "@troupe/core/protocol";
import { Socket } from "phoenix";

/** Joins a room, says one thing, and resolves with what came back: the reply's id and the broadcast. */
export async function sayOnce(
  url: string,
  room: string,
  text: string,
): Promise<{ id: string; heard: unknown }> {
  // #region client
  const socket = new Socket(url, { vsn: "2.1.0", ...createCodec() });
  socket.connect();
  const channel = socket.channel(`room:${room}`, { nickname: "Ada" });
  const heard = new Promise((resolve) => channel.on("said", resolve));
  await new Promise((resolve, reject) => channel.join().receive("ok", resolve).receive("error", reject));
  const { id } = await new Promise<{ id: string }>((resolve, reject) =>
    channel.push("say", { text }).receive("ok", resolve).receive("error", reject)
  );
  // #endregion
  const result = { id, heard: await heard };
  socket.disconnect();
  return result;
}
