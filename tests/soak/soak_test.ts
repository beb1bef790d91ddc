import { assert, assertEquals } from "@std/assert";
import { soak, type SoakOrder, type SoakReport } from "../../soak/run.ts";
import type { Fault } from "../../soak/server.ts";
import { longTest } from "../optional.ts";
import { TempFiles } from "../stores/temp_files.ts";

async function run(order: Partial<SoakOrder>): Promise<SoakReport> {
  using files = new TempFiles();
  return await soak({ seconds: 6, connections: 100, seed: 1, patienceMs: 60_000, ...order }, files.path());
}

longTest(
  "Soak: 100 clients and a server that is killed: everybody gets everything, and all is given back",
  async () => {
    const { faults, generations, load, before, after } = await run({ seconds: 12 });
    assertEquals(faults, []);
    assert(generations.length > 1, "a server was ended, and another one came");
    assert(
      load.recoveries.recovered > 50 && load.acknowledged > 50 && load.heard > 1_000,
      JSON.stringify(load),
    );
    assertEquals([after.gauges, after.files], [before.gauges, before.files]);
  },
);

/** What a fault of the server's looks like. */
const LOOKS: readonly (readonly [Fault, RegExp, Partial<SoakOrder>])[] = [
  ["forget", /were acknowledged and are nowhere/, {}],
  ["skip", /hears \d+ \(\S+\), and was not told of \d+/, { connections: 300 }],
  ["double", /took effect twice/, {}],
  ["leak", /the heap grows by/, { seconds: 20, steadyShare: 1 }],
  ["handles", /open files: \d+ before, \d+ after all have left/, { patienceMs: 1_000 }],
];

for (const [fault, look, order] of LOOKS) {
  longTest(`Soak: a server with the fault "${fault}" is found out`, async () => {
    const { faults } = await run({ patienceMs: 5_000, fault, ...order });
    assert(faults.some((text) => look.test(text)), faults.join("; ") || "it is not found");
  });
}
