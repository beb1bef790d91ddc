import { z } from "zod";
import { defineTopic } from "../../contract/define_topic.ts";
import { bytes } from "../../contract/schema.ts";

/** What is said carries its own name, its author, and who is left out, so that those who look on can tell what is missing. */
export const said = z.object({ id: z.string(), by: z.string(), x: z.string().optional() });
const named = z.object({ id: z.string() });
const done = z.object({ id: z.string() });

/** Nothing is kept. */
export const Plain = defineTopic("plain:{id}", {
  join: { payload: z.object({ as: z.string().optional() }) },
  client: {
    say: { payload: named, reply: done },
    whisper: { payload: named, reply: done },
    later: { payload: z.object({ id: z.string(), ms: z.number() }), reply: done },
    defer: { payload: z.object({ id: z.string(), ms: z.number() }), reply: done },
    ask: { payload: named, reply: z.object({ id: z.string(), answer: z.string() }) },
    boom: { payload: named, reply: done },
    crash: { payload: named, reply: done },
    stop: { payload: named, reply: done },
  },
  server: { said, pushed: said.extend({ to: z.string() }) },
  requests: { poll: { payload: named, reply: z.object({ answer: z.string() }) } },
});

/** What is said is kept. */
export const Kept = defineTopic("kept:{id}", {
  join: { payload: z.object({ as: z.string().optional() }) },
  client: {
    say: { payload: named, reply: done },
    whisper: { payload: named, reply: done },
    later: { payload: z.object({ id: z.string(), ms: z.number() }), reply: done },
    twice: { payload: named, reply: done },
    draw: { payload: named, reply: done },
    boom: { payload: named, reply: done },
    crash: { payload: named, reply: done },
  },
  server: { said, typing: said, drawn: bytes() },
});

/** The same, where slow readers get the newest. */
export const Feed = defineTopic("feed:{id}", {
  client: { say: { payload: named, reply: done } },
  server: { said },
});

/** A state: how many there were, and which. */
export const Board = defineTopic("board:{id}", {
  client: {
    put: { payload: named, reply: z.object({ id: z.string(), n: z.number() }) },
    pair: { payload: named, reply: z.object({ id: z.string(), n: z.number() }) },
    both: { payload: named, reply: z.object({ id: z.string(), n: z.number() }) },
    veto: { payload: named, reply: done },
    tell: { payload: named, reply: done },
  },
  server: { put: z.object({ id: z.string(), by: z.string(), seen: z.number() }) },
  state: {
    schema: z.object({ n: z.number(), hash: z.number() }),
    initial: { n: 0, hash: 7 },
    apply: { put: folded },
  },
});

/** Who is there. */
export const Hall = defineTopic("hall:{id}", {
  client: {
    set: { payload: z.object({ id: z.string(), v: z.number() }), reply: done },
    hide: { payload: named, reply: done },
    show: { payload: z.object({ id: z.string(), v: z.number() }), reply: done },
    say: { payload: named, reply: done },
    boom: { payload: named, reply: done },
  },
  server: { said: said.extend({ to: z.string().optional() }) },
  presence: z.object({ v: z.number() }),
});

const present = {
  client: {
    set: { payload: z.object({ id: z.string(), v: z.number() }), reply: done },
    hide: { payload: named, reply: done },
    show: { payload: z.object({ id: z.string(), v: z.number() }), reply: done },
  },
  server: { said },
  presence: z.object({ v: z.number() }),
};

/** How many are there, and who of some. */
export const Tally = defineTopic("tally:{id}", present);

/** How many are there, and who, a page at a time. */
export const Crowd = defineTopic("crowd:{id}", present);

/** A life of its own: it says something by itself. */
export const Pulse = defineTopic("pulse:{id}", {
  client: { say: { payload: named, reply: done }, crash: { payload: named, reply: done } },
  server: { said },
});

/** The state of a board. */
export interface BoardState {
  readonly n: number;
  readonly hash: number;
}

/** The state of a board after one event more: it remembers their order. */
export function folded({ n, hash }: BoardState, { id }: { readonly id: string }): BoardState {
  let next = hash;
  for (let i = 0; i < id.length; i++) next = (Math.imul(next, 31) + id.charCodeAt(i)) | 0;
  return { n: n + 1, hash: next };
}

/** All of them, by the first part of their names. */
export const CONTRACTS = {
  plain: Plain,
  kept: Kept,
  feed: Feed,
  board: Board,
  hall: Hall,
  tally: Tally,
  crowd: Crowd,
  pulse: Pulse,
} as const;

/** What topics are: those of a contract; those of raw components (`den`); patterns of topics. */
export type Sort = keyof typeof CONTRACTS | "den" | "pattern";

/** What a topic is, by its name. */
export function sortOf(topic: string): Sort {
  if (topic.includes("*") || topic.includes("{")) return "pattern";
  return topic.slice(0, topic.indexOf(":")) as Sort;
}

/** Whether what is published there is kept. */
export function isKept(topic: string): boolean {
  return ["kept", "feed", "board"].includes(sortOf(topic));
}

/** Whether members say there who they are. */
export function hasPresence(topic: string): boolean {
  return ["hall", "tally", "crowd"].includes(sortOf(topic));
}
