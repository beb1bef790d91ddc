import type { Point } from "./statistics.ts";

/** A line of the plot. */
export interface Line {
  readonly name: string;
  /** From left to right; all above 0. */
  readonly points: readonly Point[];
}

const WIDTH = 1_000, HEIGHT = 520;
const LEFT = 90, TOP = 48, RIGHT = 650, BOTTOM = 460;
/** How far apart the names of lines are at the least. */
const NAME_PX = 22;
/** Told apart by those who see no red or no green, and on white and on black. */
const COLOURS = ["#0a7bc2", "#d9730d", "#1a936f", "#b5489b", "#8a7a00", "#6f6fd8", "#c0392b", "#6b7280"];

/**
 * Costs against sizes, both axes logarithmic, as SVG. A dashed line shows what is linear. It reads in light and in dark.
 */
export function plot(title: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const x = scale(all.map(({ size }) => size), LEFT, RIGHT);
  const y = scale(all.map(({ cost }) => cost), BOTTOM, TOP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-size="14">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text x="${LEFT}" y="28" font-weight="600">${escaped(title)}</text>`,
    ...x.ticks.flatMap((size) => [
      `<path class="grid" d="M${px(x.at(size))} ${TOP}V${BOTTOM}"/>`,
      `<text x="${px(x.at(size))}" y="${BOTTOM + 22}" text-anchor="middle">${inWords(size)}</text>`,
    ]),
    ...y.ticks.flatMap((cost) => [
      `<path class="grid" d="M${LEFT} ${px(y.at(cost))}H${RIGHT}"/>`,
      `<text x="${LEFT - 8}" y="${px(y.at(cost) + 5)}" text-anchor="end">${inWords(cost)}</text>`,
    ]),
    linear(x, y),
    ...lines.flatMap(({ points }, i) => drawn(points, COLOURS[i % COLOURS.length], x, y)),
    ...names(lines, y),
    "</svg>\n",
  ].join("\n");
}

const STYLE = `<style>
svg { font-family: system-ui, sans-serif; }
text { fill: #1f2328; }
.ground { fill: #ffffff; }
.grid { stroke: #d0d7de; fill: none; }
.linear { stroke: #6e7781; fill: none; stroke-dasharray: 6 5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ground { fill: #0d1117; }
  .grid { stroke: #30363d; }
  .linear { stroke: #9198a1; }
}
</style>`;

/** An axis: whole powers of ten around all values. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scale(values: readonly number[], from: number, to: number): Scale {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)),
    at: (value) => from + (Math.log10(value) - first) / (last - first) * (to - from),
  };
}

/** What is linear, from the lower left corner as far as there is room. */
function linear(x: Scale, y: Scale): string {
  const decades = Math.min(x.ticks.length, y.ticks.length) - 1;
  const [right, top] = [x.at(x.ticks[decades]), y.at(y.ticks[decades])];
  return `<path class="linear" d="M${LEFT} ${BOTTOM}L${px(right)} ${px(top)}"/>`;
}

function drawn(points: readonly Point[], colour: string, x: Scale, y: Scale): string[] {
  const at = points.map(({ size, cost }) => `${px(x.at(size))} ${px(y.at(cost))}`);
  return [
    `<path d="M${at.join("L")}" fill="none" stroke="${colour}" stroke-width="2.5"/>`,
    ...at.map((point) => {
      const [cx, cy] = point.split(" ");
      return `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>`;
    }),
  ];
}

/** Beside the ends of the lines, in their order, and never one upon another. */
function names(lines: readonly Line[], y: Scale): string[] {
  const ends = lines.map(({ name, points }, i) => (
    { name, colour: COLOURS[i % COLOURS.length], at: y.at(points[points.length - 1].cost) }
  )).toSorted((a, b) => a.at - b.at);
  let free = TOP;
  const placed = ends.map((end) => {
    const at = Math.max(end.at, free);
    free = at + NAME_PX;
    return { ...end, at };
  });
  const over = Math.max(0, free - NAME_PX - BOTTOM);
  return [...placed, { name: "linear, for comparison", colour: null, at: HEIGHT - 12 + over }].flatMap(
    ({ name, colour, at }) => [
      colour === null
        ? `<path class="linear" d="M${RIGHT + 14} ${px(at - over - 5)}h14"/>`
        : `<circle cx="${RIGHT + 21}" cy="${px(at - over - 5)}" r="5" fill="${colour}"/>`,
      `<text x="${RIGHT + 36}" y="${px(at - over)}">${escaped(name)}</text>`,
    ],
  );
}

function px(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

function inWords(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 6 });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
