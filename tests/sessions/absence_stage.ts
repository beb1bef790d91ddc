/** What the tests of channels without a client share. */

import { type ChannelContext, joined, type Untyped } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { type Client, type Message, replyTo } from "./client.ts";

export const GRACE_MS = 10_000;

export type Ctx = ChannelContext<Untyped<string>, { readonly id: string }, { n: number }>;

/** What a reply says of the session. */
export interface Troupe {
  readonly session: string;
  readonly resumed?: true;
}

export function makeKit(limits: Record<string, number> = {}): AppKit {
  return new AppKit({
    limits: { graceMs: GRACE_MS, topicIdleMs: 1_000, ...limits },
    authenticate: ({ params }) => ({ id: `${params.user ?? "ada"}`, from: `${params.from ?? ""}` }),
  });
}

/** A topic whose handlers write down what they are told. */
export function withLog(kit: AppKit): string[] {
  const log: string[] = [];
  kit.app.topic("room:*", {
    join(ctx) {
      log.push(`join ${ctx.topic}`);
      return joined({ n: 0 }, { hello: "there" });
    },
    on: {
      add: (ctx) => ({ n: ++ctx.state.n }),
      say: (ctx, payload) => ctx.broadcast("said", payload),
    },
    info: (ctx, message) => void log.push(`info ${ctx.topic} ${message}`),
    suspended: (ctx) => void log.push(`suspended ${ctx.topic} ${ctx.event}`),
    resumed: (ctx) => void log.push(`resumed ${ctx.topic} ${ctx.event}`),
    expired: (ctx) => void log.push(`expired ${ctx.topic}`),
    leave: (ctx, { kind }) => void log.push(`leave ${ctx.topic} ${kind}`),
  });
  return log;
}

export function troupe(messages: readonly Message[], ref: string): Troupe {
  return replyTo(messages, ref).response.troupe as Troupe;
}

/** Joins, and gives the secret that came with the answer. */
export async function joinedAs(kit: AppKit, client: Client, topic = "room:1"): Promise<string> {
  const ref = client.join(topic);
  await kit.settle();
  return troupe(client.take(), ref).session;
}

export const claim = (session: string, payload = {}) => ({ ...payload, "troupe:session": session });
