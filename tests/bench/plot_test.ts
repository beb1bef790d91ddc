import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { plot } from "../../bench/plot.ts";

const points = (...costs: number[]) => costs.map((cost, i) => ({ size: 10 ** (i + 1), cost }));

Deno.test("plot: each line is drawn with its points and its name, in light and in dark", () => {
  const svg = plot("Costs", [
    { name: "flat", points: points(20, 21, 20) },
    { name: "a < b & c", points: points(5, 50) },
  ]);
  assert(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
  assertEquals(svg.match(/<circle [^>]*r="4"/g)?.length, 5);
  assertStringIncludes(svg, ">flat</text>");
  assertStringIncludes(svg, ">a &lt; b &amp; c</text>");
  assertStringIncludes(svg, "@media (prefers-color-scheme: dark)");
  assert(!svg.includes("NaN"), svg);
});

Deno.test("plot: what is linear goes as the dashed line does, what is flat stays at its height", () => {
  const svg = plot("Costs", [
    { name: "linear", points: points(1, 10, 100) },
    { name: "flat", points: points(10, 10, 10) },
  ]);
  const [dashed, linear, flat] = [
    /class="linear" d="M(\S+) (\S+)L(\S+) (\S+)"/,
    /d="M(\S+) (\S+)L\S+ \S+L(\S+) (\S+)" fill="none" stroke="#0a7bc2"/,
    /d="M(\S+) (\S+)L\S+ \S+L(\S+) (\S+)" fill="none" stroke="#d9730d"/,
  ].map((path) => svg.match(path)!.slice(1, 5).map((each) => parseFloat(each)));
  assertEquals(linear, dashed);
  assertEquals(flat[1], flat[3]);
});

Deno.test("plot: names of lines that end at the same place do not cover each other", () => {
  const svg = plot("Costs", ["a", "b", "c"].map((name) => ({ name, points: points(10, 10) })));
  const heights = ["a", "b", "c"].map((name) =>
    Number(svg.match(new RegExp(`y="([\\d.]+)">${name}</text>`))![1])
  );
  assert(heights[1] - heights[0] >= 15 && heights[2] - heights[1] >= 15, heights.join(", "));
});
