/**
 * What is measured, as data: a case has contenders, and each run of a contender gives figures for each of its windows.
 *
 * @module
 */

import type { Figure, Figures } from "./figures.ts";

/** The parts of the whole, for `--only`. */
export const PARTS = ["echo", "fanout", "steady", "joins", "memory", "held", "growth", "actors"] as const;

/** One of them. */
export type Part = typeof PARTS[number];

/** Something that is compared with the others of its case. */
export interface Contender {
  readonly name: string;
  /** Runs it once: figures for each window of the case. */
  run(): Promise<readonly Figures[]>;
}

/** A contender that takes turns with the others of its case. */
export interface Player {
  readonly name: string;
  /** Makes it ready, and warm. */
  enter(): Promise<Play>;
}

/** A player that is ready. */
export interface Play extends AsyncDisposable {
  /** Runs one turn in the `window`-th window of the case, and waits until nothing of it is under way any more. */
  turn(window: number): Promise<Figures>;
}

/** A column of a table. */
export interface Column {
  readonly figure: Figure;
  readonly head: string;
  readonly digits: number;
  /** What it is divided by to be read, e.g. 1,000. Default: 1. */
  readonly per?: number;
  /** Whether the least and the most of the rounds are shown beside the median. Default: no. */
  readonly spread?: boolean;
}

/** What has to be reached, as the median of the rounds. */
export interface Target {
  /** Of which window. */
  readonly window: string;
  readonly contender: string;
  /** Whom it is compared with; `null`: nobody, the figure itself counts. */
  readonly to: string | null;
  readonly least?: number;
  readonly most?: number;
  /** Of what, where it is no ratio. */
  readonly unit?: string;
}

/** What all rounds of a contender gave, or why there is nothing. */
export interface Outcome {
  readonly name: string;
  /** By round, then by window: the medians of its turns, where it took turns with the others. */
  readonly rounds: readonly (readonly Figures[])[];
  /** By round, then by window: each of its turns. Left out: there were none. */
  readonly turns?: readonly (readonly (readonly Figures[])[])[];
  readonly failure: string | null;
}

/**
 * Contenders that are all there in a round, and take turns. What else the machine does comes and goes within seconds:
 * those whose turns are side by side, it harms alike.
 */
export interface Players {
  readonly all: readonly Player[];
  /** How many turns each takes in each window of a round. */
  readonly turns: number;
}

/** Contenders that do the same. */
export interface Case {
  readonly part: Part;
  readonly title: string;
  readonly windows: readonly string[];
  readonly contenders: readonly Contender[] | Players;
  /** How often each runs. Default: as often as all. */
  readonly rounds?: number;
  readonly columns: readonly Column[];
  /** The figure that counts, and how it is compared. */
  readonly counts: Figure;
  readonly by: "ratio" | "difference";
  /** Whom all are compared with, and how that is called at the head of a column. */
  readonly bases: readonly { readonly name: string; readonly head: string }[];
  readonly targets: readonly Target[];
  /** If it is about growth: the names of the windows are sizes, and these figures must not grow faster than that. */
  readonly curves?: readonly Curve[];
}

/** How a figure of a contender grows with the sizes of its windows. */
export interface Curve {
  readonly name: string;
  readonly contender: string;
  readonly figure: Figure;
  /** The most that its exponent may be: 0 is flat, 1 is linear. */
  readonly most: number;
}
