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
  /** When its connection broke while it was a member, in which life of the server's; `null`: it did not, or it is back. */
  lost: { readonly atMs: number; readonly life: number } | null;
  /** Whether what its handler says to one who is back has yet to come. */
  isToBeWelcomed: boolean;
  /** Why it was told that it is thrown out; `null`: it was not. */
  kicked: string | null;
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
