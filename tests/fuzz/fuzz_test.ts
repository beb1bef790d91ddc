/**
 * Random and mutated input against the real server, over real sockets: nothing throws, and nobody but the sender is
 * touched. A failing run is repeated with its seed: `TROUPE_FUZZ_SEED=… deno test -A tests/fuzz`.
 */

import { deadline } from "@std/async/deadline";
import { assert, assertEquals } from "@std/assert";
import { type App, type Transport, websocket } from "../../mod.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { type Codec, MalformedMessage } from "../../src/protocol/codec.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { ws } from "../../src/transport/ws/mod.ts";
import { until } from "../app/client.ts";
import { longTest } from "../optional.ts";
import { binaryFrame, RawClient, textFrame } from "../wire/raw_client.ts";
import { anyBinaryMessage, anyBrokenFrame, anyRequest, anyTextMessage, pick } from "./generate.ts";
import { Bystander, MAX_MESSAGE_BYTES, startServer } from "./server.ts";

const SEED = Number(Deno.env.get("TROUPE_FUZZ_SEED") ?? 20_260_101);
/** How many senders there are at a time. */
const LANES = 8;
/** How many messages one connection sends at the most. */
const LONGEST_LIFE = 40;
/** Only a broken server is that slow. */
const PATIENCE_MS = 30_000;

interface Mount {
  readonly path: string;
  /** `null`: raw, everything is fine there. */
  readonly codec: Codec | null;
  /** Comes back, in some way, from a connection that is alive. */
  readonly marker: string;
}

const MOUNTS: readonly Mount[] = [
  { path: "/socket/websocket?vsn=2.0.0", codec: phoenixV2, marker: '[null,"MARK","phoenix","heartbeat",{}]' },
  {
    path: "/socket/websocket?vsn=2.1.0",
    codec: phoenixV21,
    marker: '[null,"MARK","phoenix","heartbeat",{}]',
  },
  {
    path: "/socket/websocket?vsn=1.0.0",
    codec: phoenixV1,
    marker: '{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"MARK"}',
  },
  { path: "/raw", codec: null, marker: "MARK" },
];

/** What the server must make of a message: a close code, or `null` if the connection goes on. */
function verdict(codec: Codec | null, data: string | Uint8Array<ArrayBuffer>): number | null {
  const size = typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
  if (size > MAX_MESSAGE_BYTES) return 1009;
  try {
    codec?.decode(data, () => {});
    return null;
  } catch (error) {
    if (error instanceof MalformedMessage) return 1007;
    throw error;
  }
}

/** One connection's life: some messages, then a close by the one or the other. Returns how many were sent. */
async function liveOnce(port: number, random: Random, most: number): Promise<number> {
  const { path, codec, marker } = pick(random, MOUNTS);
  using client = await RawClient.open(port, path);
  const frames: Uint8Array[] = [];
  let code: number | null = null;
  while (frames.length < most && code === null) {
    if (random.integer(4) === 0) {
      const bytes = Uint8Array.from(anyBinaryMessage(random));
      code = verdict(codec, bytes);
      frames.push(binaryFrame(bytes));
    } else {
      const padding = random.integer(2_000) === 0 ? " ".repeat(MAX_MESSAGE_BYTES) : "";
      const text = anyTextMessage(random).toWellFormed() + padding; // as it arrives
      code = verdict(codec, text);
      frames.push(textFrame(text));
    }
  }
  const sent = frames.length;
  const breaks = code === null && random.integer(4) === 0;
  if (breaks) frames.push(anyBrokenFrame(random));
  else if (code === null) frames.push(textFrame(marker));
  await client.send(...frames);
  if (breaks) return sent + 1; // the connection is dropped here, or was there
  for (;;) {
    const received = await client.next(PATIENCE_MS);
    if (received.kind === "close") {
      assertEquals(received.code, code, `${path}: ${received.reason}`);
      return sent;
    }
    if (code === null && received.kind === "text" && received.text.includes("MARK")) return sent;
  }
}

/** One HTTP request, sane or not, and its answer to the end. */
async function requestOnce(port: number, random: Random): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const request = anyRequest(random);
    await conn.write(request);
    await conn.closeWrite();
    const bytes = new Uint8Array(await deadline(new Response(conn.readable).arrayBuffer(), PATIENCE_MS));
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(new TextDecoder().decode(bytes.subarray(0, 20)))?.[1];
    const what = (): string => [request, bytes].map((each) => new TextDecoder().decode(each)).join("\n→ ");
    if (status !== undefined) assert(Number(status) < 500, what());
  } catch (error) {
    // The server may drop the connection while we are still talking.
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
      throw error;
    }
  } finally {
    try {
      conn.close();
    } catch {
      // The stream has closed it.
    }
  }
}

/** Runs until `count` messages, frames and requests were sent; one in `requestsOf` is a request. */
async function lane(port: number, random: Random, count: number, requestsOf: number): Promise<number> {
  let sent = 0;
  while (sent < count) {
    if (random.integer(requestsOf) < LONGEST_LIFE / 4) {
      await requestOnce(port, random);
      sent++;
    }
    sent += await liveOnce(port, random, 1 + random.integer(LONGEST_LIFE));
  }
  return sent;
}

async function fuzz(count: number, transport: Transport): Promise<void> {
  const { app, server } = startServer(transport);
  const atRest = app.system.actorCount;
  const bystander = await Bystander.join(app, server.port);
  const living = bystander.live();
  const lanes = Array.from(
    { length: LANES },
    (_, i) => lane(server.port, seededRandom(SEED + i), Math.ceil(count / LANES), 20),
  );
  let sent = 0;
  try {
    // A bystander that fails ends the run.
    const all = await Promise.race([Promise.all(lanes), living.then(() => [])]);
    for (const each of all) sent += each;
    assert(sent >= count, `${sent} of ${count}`);
    assert(await bystander.stop(living) > 10, "the bystander got its share");
    assertUntouched(app);
    await until(() => app.connections.size === 0);
  } catch (error) {
    throw new Error(`with the seed ${SEED}`, { cause: error });
  } finally {
    await server.close();
  }
  assertEquals(app.system.actorCount, 0);
  assert(atRest > 0);
}

function assertUntouched(app: App): void {
  const { counters } = app.system;
  for (const name of ["connections.crashed", "components.errors", "scheduler.faults", "fallback.failed"]) {
    assertEquals(counters.get(name), 0, `${name}: ${JSON.stringify(counters.snapshot())}`);
  }
  assert(counters.get("connections.malformed") > 0, "some of it was malformed");
  assert(counters.get("channels.joined") > 0, "some of it was sane");
}

for (const [name, make] of [["the runtime", () => websocket], ["ws", ws]] as const) {
  Deno.test(`Fuzz, ${name}: 4,000 random and mutated frames and upgrades touch nobody but their sender`, () =>
    fuzz(4_000, make()));

  longTest(
    `Fuzz, ${name}: 100,000 random and mutated frames and upgrades touch nobody but their sender`,
    () => fuzz(100_000, make()),
  );
}
