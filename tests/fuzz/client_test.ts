/**
 * Our client under a server that says anything: nothing throws out of what a WebSocket calls, which would end a program
 * outside of browsers, and its channel works on.
 */

import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/base/random.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { until } from "../app/client.ts";
import { FakeServer } from "../client/fake_server.ts";
import { Room } from "../client/room.ts";
import { soon } from "../client/stage.ts";
import { LONG } from "../optional.ts";
import { Corpus, effectOf, OURS, shapeOf, transcribed } from "./corpus.ts";

const SEED = Number(Deno.env.get("TROUPE_FUZZ_SEED") ?? 20_260_101);
const INPUTS = LONG ? 40_000 : 1_500;
/** After how many inputs the client is asked whether it still hears. */
const ROUND = 50;

/** What ends the channel by right: not of interest here. */
const ENDS = /phx_close|phx_error|phx_reply/;

Deno.test(`Fuzz: ${INPUTS} frames of a server that says anything do the client no harm`, async () => {
  const random = seededRandom(SEED);
  await using server = new FakeServer();
  const problems: unknown[] = [];
  const client = server.connect({ failed: (error) => problems.push(error) });
  const channel = client.join(Room, { id: "1" });
  const heard: string[] = [];
  channel.on("troupe:skipped", ({ why }) => void heard.push(why));
  client.on("failed", ({ error }) => void heard.push(effectOf(error)));
  for (const event of ["said", "drawn", "typing"] as const) channel.on(event, () => void heard.push(event));
  channel.answer("poll", ({ question }) => ({ yes: question === "?" }));
  channel.presence.on("change", (view) => void heard.push(shapeOf(view.list())));
  const connection = await server.accept();
  const { joinRef } = await connection.welcome({ motd: "m" });
  await channel.joined;
  const corpus = new Corpus([...transcribed(), ...OURS].map((data) => ours(data, joinRef)));
  let marks = 0;
  for (let i = 0; i < INPUTS; i++) {
    const data = ours(corpus.next(random), joinRef);
    if (typeof data === "string" && ENDS.test(data)) continue;
    const before = heard.length + problems.length;
    try {
      connection.onmessage({ data: typeof data === "string" ? data : data.slice().buffer });
    } catch (error) {
      const shown = typeof data === "string" ? data : data.toHex();
      throw new Error(`with the seed ${SEED}, at ${JSON.stringify(shown)}`, { cause: error });
    }
    corpus.learn(data, `${heard.slice(before).join()}${problems.map(effectOf).at(-1)}`);
    heard.length = problems.length = 0;
    if (i % ROUND > 0) continue;
    connection.write(phoenixV21.push(joinRef, "room:1", "said", { by: "me", text: `mark ${++marks}` }));
    await soon(until(() => heard.includes("said")));
  }
  assert(marks > 10);
  assertEquals(client.state, "open");
  assert(corpus.effects > 5, `${corpus.effects} effects`);
});

/** The same of this channel, so that it is heard. */
function ours(data: string | Uint8Array<ArrayBuffer>, joinRef: string): string | Uint8Array<ArrayBuffer> {
  if (typeof data !== "string") return data;
  return data.replace(/^\["\d*",/, `["${joinRef}",`).replaceAll(/room:(?!\*)[\w-]*/g, "room:1");
}
