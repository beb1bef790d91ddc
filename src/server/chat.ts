/**
 * The chat of the ready server: rooms in which people with nicknames talk.
 *
 * @module
 */

import { z } from "zod";
import { type App, defineTopic, joined } from "../../mod.ts";

/** The longest nickname, in UTF-16 code units, as the length of a string in JavaScript is. */
export const MAX_NICKNAME_LENGTH = 40;
/** The longest text of a message, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 2_000;

/** What may be said in a room. */
export const Room = defineTopic("room:{id}", {
  join: {
    payload: z.object({ nickname: z.string().trim().min(1).max(MAX_NICKNAME_LENGTH).optional() }),
    reply: z.object({ nickname: z.string(), at: z.iso.datetime() }),
  },
  client: {
    say: {
      payload: z.object({ text: z.string().min(1).max(MAX_TEXT_LENGTH) }),
      reply: z.object({ id: z.string() }),
    },
    typing: {},
  },
  server: {
    said: z.object({ id: z.string(), by: z.string(), text: z.string(), at: z.iso.datetime() }),
    typing: z.object({ by: z.string() }),
  },
  presence: z.object({ nickname: z.string() }),
});

const MANNERS = ["Bold", "Calm", "Clever", "Gentle", "Kind", "Merry", "Quiet", "Swift"];
const ANIMALS = ["Badger", "Crane", "Dolphin", "Falcon", "Hare", "Heron", "Lynx", "Otter"];

/** A name for somebody who gave none, e.g. `Quiet Heron 7c`, from a UUID. Two people may get the same. */
export function inventNickname(uuid: string): string {
  const digit = (place: number): number => parseInt(uuid[place], 16) % 8;
  return `${MANNERS[digit(0)]} ${ANIMALS[digit(1)]} ${uuid.slice(2, 4)}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** What is kept of a room. */
const HISTORY = { size: 1_000, ttlMs: 30 * 86_400_000 };

/** Adds the rooms to an app. */
export function addChat(app: App, history: { size: number; ttlMs: number } = HISTORY): void {
  app.topic(Room, {
    history,
    join(ctx, { nickname = inventNickname(ctx.uuid()) }) {
      ctx.log.log("debug", "joined", { nickname });
      ctx.presence.track(ctx.user.id, { nickname });
      return joined({ nickname }, { nickname, at: isoTime(ctx.now()) });
    },
    on: {
      say(ctx, { text }) {
        const id = ctx.uuid();
        ctx.broadcast("said", { id, by: ctx.state.nickname, text, at: isoTime(ctx.now()) });
        return { id };
      },
      typing(ctx) {
        ctx.broadcast("typing", { by: ctx.state.nickname }, { except: ctx, ephemeral: true });
      },
    },
    leave(ctx, { kind }) {
      ctx.log.log("debug", "left", { nickname: ctx.state.nickname, reason: kind });
    },
  });
}
