import type { Case, Part } from "../case.ts";
import type { Effort } from "../effort.ts";
import type { Peers } from "../peers.ts";
import { actorsCases } from "./actors.ts";
import { echoCases } from "./echo.ts";
import { fanoutCases } from "./fanout.ts";
import { growthCases } from "./growth.ts";
import { heldCases } from "./held.ts";
import { joinsCases } from "./joins.ts";
import { memoryCases } from "./memory.ts";
import { steadyCases } from "./steady.ts";

/** The cases of each part. */
export const CASES_OF: Readonly<Record<Part, (effort: Effort, peers: Peers) => Case[]>> = {
  echo: echoCases,
  fanout: fanoutCases,
  steady: steadyCases,
  joins: joinsCases,
  memory: memoryCases,
  held: heldCases,
  growth: growthCases,
  actors: actorsCases,
};
