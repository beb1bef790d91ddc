import { assert, assertEquals } from "@std/assert";
import { Latencies } from "../../bench/load/latencies.ts";
import { longTest } from "../optional.ts";

const bench = new URL("../../bench/ws.ts", import.meta.url).pathname;

Deno.test("latencies: a quantile is right within a bucket of 9 %", () => {
  const latencies = new Latencies();
  for (let i = 1; i <= 1_000; i++) latencies.add(i / 10);
  for (const [quantile, ms] of [[0.5, 50], [0.99, 99], [1, 100]]) {
    const ratio = latencies.quantileMs(quantile) / ms;
    assert(ratio >= 1 && ratio < 1.1, `${quantile}: ${ratio}`);
  }
  latencies.clear();
  latencies.add(0);
  assertEquals(latencies.quantileMs(0.99), 0.01);
});

longTest("the benchmark of the transport ws runs, and says so where Bun cannot be fetched", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", bench, "--quick"],
    env: { PATH: "" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, err);
  for (const text of ["Bun cannot be fetched", "Troupe, ws", "### Echo"]) assert(out.includes(text), out);
});
