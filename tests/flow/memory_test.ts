/** What readers that read nothing cost, in processes of their own. `bench/slow_consumer.ts` shows the figures. */

import { assert, assertEquals } from "@std/assert";
import { memoryAdded, mostKib, TOLERANCE } from "../../bench/flow/figure.ts";
import { LONG, slowTestOnLinux } from "../optional.ts";

const STALLED = 100;
const SIZES = [16, 128, 16_384];

slowTestOnLinux(
  `Memory: ${STALLED} stalled readers add no more than the documented figure, whatever the size of messages`,
  async () => {
    const runs = SIZES.map((payloadBytes) =>
      memoryAdded({
        topic: "keep_all:1",
        stalled: STALLED,
        payloadBytes,
        perSecond: payloadBytes > 1_000 ? 50 : 300,
        warmUpMs: 500,
        durationMs: LONG ? 60_000 : 5_000,
      })
    );
    for (const [i, { peakKib, state }] of (await Promise.all(runs)).entries()) {
      const mostMib = mostKib(SIZES[i], false) * STALLED * TOLERANCE / 1_024;
      assert(
        peakKib / 1_024 <= mostMib,
        `${SIZES[i]} B: ${peakKib / 1_024} MiB, expected at most ${mostMib}`,
      );
      // All are accounted for: they wait, or were closed since too much did, and then they hold nothing more.
      const { "connections.slow": closed = 0 } = state.counters;
      assertEquals(state.behind + closed, STALLED, `${SIZES[i]} B`);
    }
  },
);
