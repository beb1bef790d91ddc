import type { CountedPresence } from "./counted_presence.ts";
import type { StrictPresence } from "./strict_presence.ts";

/** How a raw client stands in a topic. */
export interface RawMembership {
  readonly topic: string;
  joinRef: string;
  isWanted: boolean;
  status: "joining" | "joined" | "away";
  payload: object;
  connection?: string;
  readonly presence: StrictPresence;
  readonly counted: CountedPresence;
  /** How much it has to be told of next that it has missed, at least. */
  missed: number;
}

/** What the answer to a join says of its session and its history. */
export interface Greeting {
  readonly session?: string;
  readonly resumed?: boolean;
  readonly epoch?: string;
  readonly offset?: number;
  readonly connection?: string;
  readonly recovery?: string;
  readonly gap?: { readonly from: number; readonly to: number };
}
