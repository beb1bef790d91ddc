/**
 * A channel's events, for `for await`.
 *
 * @module
 */

import type { AnyContract } from "../contract/mod.ts";
import type { Channel, ListenEvents, ListenPayload } from "./channel.ts";
import { EventStream, type StreamOptions } from "./event_stream.ts";

/**
 * The events of a channel as an asynchronous iterable, from this call on. The loop ends when it is left, when the channel
 * has ended, or, quietly, when the signal is aborted. Where more than `max` wait, it throws `stream_overflow`.
 *
 * @param channel The channel.
 * @param event An event of the contract's `server`, or one of those that `channel.on` takes beside them.
 * @param options See {@link StreamOptions}.
 *
 * @example
 * ```ts
 * import { App, defineTopic } from "@troupe/core";
 * import { connect, eventsOf } from "@troupe/core/client";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", { client: { say: {} }, server: { said: z.object({ text: z.string() }) } });
 * const app = new App().topic(Room, { on: { say: (ctx) => ctx.broadcast("said", { text: "hi" }) } });
 * await using server = app.listen({ port: 0, signals: false });
 *
 * await using troupe = connect(`ws://127.0.0.1:${server.port}/socket`);
 * const room = troupe.join(Room, { id: "7" });
 * const heard = eventsOf(room, "said");
 * await room.send("say");
 * for await (const { text } of heard) {
 *   assertEquals(text, "hi");
 *   break;
 * }
 * ```
 */
export function eventsOf<C extends AnyContract, Event extends ListenEvents<C>>(
  channel: Channel<C>,
  event: Event,
  options?: StreamOptions,
): AsyncIterableIterator<ListenPayload<C, Event>> {
  const offs: (() => void)[] = [];
  const stream = new EventStream<ListenPayload<C, Event>>(() => offs.forEach((off) => off()), options);
  offs.push(
    channel.on(event, (payload) => stream.push(payload)),
    channel.on("troupe:ended", () => stream.end()),
  );
  if (channel.status === "ended" || options?.signal?.aborted) stream.return();
  return stream;
}
