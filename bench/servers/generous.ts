import type { Limits } from "../../mod.ts";

const MANY = 1_000_000_000;

/** No limits on what one client may do: the load is one client that does all that thousands do. */
export const GENEROUS: Limits = {
  upgradesPerSecond: MANY,
  upgradeBurst: MANY,
  maxConnectionsPerAddress: MANY,
  messagesPerSecond: MANY,
  messageBurst: MANY,
  joinsPerSecond: MANY,
  joinBurst: MANY,
  bytesPerSecond: MANY,
  byteBurst: MANY,
  // Who only listens says nothing, and contenders wait for each other's turns.
  idleMs: 600_000,
  // On a machine that others use, too, a late event loop is no overload.
  maxLagMs: 60_000,
};
