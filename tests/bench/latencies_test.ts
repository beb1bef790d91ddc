import { assert, assertEquals } from "@std/assert";
import { Latencies } from "../../bench/load/latencies.ts";

Deno.test("latencies: a quantile is right within a bucket of 1.1 %", () => {
  const latencies = new Latencies();
  for (let i = 1; i <= 1_000; i++) latencies.add(i / 10);
  for (const [quantile, ms] of [[0.5, 50], [0.99, 99], [1, 100]]) {
    const ratio = latencies.quantileMs(quantile) / ms;
    assert(ratio >= 0.9999 && ratio < 1.0111, `${quantile}: ${ratio}`);
  }
  latencies.clear();
  assert(latencies.isEmpty);
  latencies.add(0);
  assertEquals(latencies.quantileMs(0.99), 0.01);
});
