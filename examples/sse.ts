// Server-sent events, with what every browser has: no library. Serve the room of room.ts, or any app.

/** Joins a room by `EventSource`, says one thing, and resolves with what came back: the reply and the broadcast. */
export async function sayOnce(
  site: string,
  room: string,
  text: string,
): Promise<{ reply: unknown; heard: unknown }> {
  // #region client
  const url = `${site}/socket/sse`;
  const payload = JSON.stringify({ nickname: "Ada" });
  const source = new EventSource(`${url}?${new URLSearchParams({ topic: `room:${room}`, payload })}`);
  const next = (event: string): Promise<{ token?: string }> =>
    new Promise((resolve) =>
      source.addEventListener(event, (e) => resolve(JSON.parse((e as MessageEvent).data)), { once: true })
    );
  const { token } = await next("troupe:joined");
  const said = next("said");
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-troupe-token": token! },
    body: JSON.stringify({ event: "say", payload: { text } }),
  });
  // #endregion
  const result = { reply: await answer.json(), heard: await said };
  source.close();
  return result;
}
