// Clients whose cables are pulled at random end with the same complete sequence, each publication once and in order.
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { seededRandom } from "../../src/base/random.ts";
import { longTest } from "../optional.ts";
import { ClientStage, soon } from "./stage.ts";

const Feed = defineTopic("feed", { server: { posted: z.object({ n: z.number() }) } });

/** A WebSocket whose cable can be pulled: what is on its way is lost, and a little later both sides notice. */
class Cable extends WebSocket {
  static readonly plugged: Set<Cable> = new Set();

  constructor(url: string) {
    super(url);
    Cable.plugged.add(this);
    this.addEventListener("close", () => Cable.plugged.delete(this));
  }

  pull(noticedAfterMs: number): void {
    Cable.plugged.delete(this);
    this.onmessage = null;
    setTimeout(() => this.close(), noticedAfterMs);
  }
}

async function pullCables(clients: number, forMs: number): Promise<void> {
  const app = new App().topic(Feed, { history: { size: 100_000, ttlMs: 3_600_000 } });
  await using stage = new ClientStage(app);
  const random = seededRandom(7);
  const recoveries: Record<string, number> = {};
  const sequences = await Promise.all(Array.from({ length: clients }, async () => {
    const feed = stage.connect({ transport: Cable, reconnect: { baseMs: 20, maxMs: 200 } }).join(Feed, {});
    const heard: number[] = [];
    feed.on("posted", ({ n }) => heard.push(n));
    feed.on(
      "troupe:joined",
      ({ recovery }) => recoveries[recovery ?? "none"] = (recoveries[recovery ?? "none"] ?? 0) + 1,
    );
    await soon(feed.joined);
    return heard;
  }));
  let published = 0;
  let pulled = 0;
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    for (let i = random.integer(4); i > 0; i--) app.broadcast("feed", "posted", { n: ++published });
    const cables = [...Cable.plugged].filter(({ readyState }) => readyState === WebSocket.OPEN);
    if (cables.length > 0 && random.float() < 0.5) {
      cables[random.integer(cables.length)].pull(random.integer(30));
      pulled++;
    }
    await new Promise((resolve) => setTimeout(resolve, random.integer(10)));
  }
  app.broadcast("feed", "posted", { n: ++published });
  await soon((async () => {
    while (sequences.some((heard) => heard.at(-1) !== published)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })());
  const expected = Array.from({ length: published }, (_, i) => i + 1);
  for (const heard of sequences) assertEquals(heard, expected);
  const { recovered = 0, none, ...others } = recoveries;
  assert(pulled > 0 && recovered > 0);
  assertEquals([none, others], [clients, {}], "everybody joins once, and is recovered ever after");
  await Deno.stdout.write(
    new TextEncoder().encode(
      `${clients} clients, ${published} publications, ${pulled} cables pulled, ${recovered} recovered: all complete\n`,
    ),
  );
}

Deno.test("clients whose cables are pulled at random get everything, once and in order", async () => {
  await pullCables(20, 1_500);
});

longTest(
  "200 clients whose cables are pulled at random for 60 seconds get everything, once and in order",
  async () => {
    await pullCables(200, 60_000);
  },
);
