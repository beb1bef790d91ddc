import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { longTest, slowTestOnLinux } from "../optional.ts";

const bench = new URL("../../bench/mod.ts", import.meta.url).pathname;
interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", bench, ...args],
    env,
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

slowTestOnLinux(
  "the benchmarks run without any peer, say so, and write the results with a plot",
  async () => {
    const folder = Deno.makeTempDirSync();
    try {
      // Nothing is found there: no Node, no npx, and no taskset either.
      const parts = "echo,fanout,steady,joins,memory,held,growth";
      const { code, out, err } = await run(["--quick", "--only", parts, "--out", folder], {
        PATH: "/nowhere",
      });
      assertEquals(code, 0, out + err);
      const results = Deno.readTextFileSync(`${folder}/RESULTS.md`);
      for (const missing of ["Bun is left out", "ws and Socket.IO are left out: there is no Node"]) {
        assertStringIncludes(out, missing);
        assertStringIncludes(results, missing);
      }
      const titles = ["Echo", "Fan-out", "Latency", "Joins", "Memory", "380 connections held", "More topics"];
      for (const title of titles) assertStringIncludes(results, `### ${title}`);
      for (const text of ["channel ≥ 0.55 × bare Deno", "left out", "](./growth.svg)"]) {
        assertStringIncludes(results, text);
      }
      assert(Deno.readTextFileSync(`${folder}/growth.svg`).startsWith("<svg"));
      assert(!/FAILED|NaN|undefined/.test(results), results);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

longTest(
  "the benchmarks run with all their peers: those answer the load in order, and completely",
  async () => {
    const { code, out, err } = await run(["--quick"]);
    assertEquals(code, 0, out + err);
    assert(!out.includes("left out"), out);
    for (const row of ["| Bun ", "| ws on Node ", "| Socket.IO on Node ", "| xstate ", "| nact "]) {
      assertStringIncludes(out, row);
    }
  },
);

Deno.test("the benchmarks' --help prints the usage and measures nothing", async () => {
  const { code, out } = await run(["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(out, "deno task bench [--only echo,fanout,");
  assert(!out.includes("###"), out);
});

Deno.test("the benchmarks refuse an option that there is not, and measure nothing", async () => {
  const { code, out, err } = await run(["--quik"]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, '"--quik": accepted are --only, --rounds');
});
