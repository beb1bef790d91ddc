import { findBun } from "./peers/bun.ts";
import { findNode, type Node } from "./peers/node.ts";

/** What the engine is compared with, beside the runtime that it stands on. */
export interface Peers {
  /** The program `bun`; `null`: there is none. */
  readonly bun: string | null;
  /** Node with `ws` and Socket.IO; `null`: there is none. */
  readonly node: Node | null;
  /** Which ones are not there, and why: a line each. */
  readonly missing: readonly string[];
  /** What they are, with their versions. */
  readonly versions: readonly string[];
}

/** Finds them; what is not on this machine yet comes from npm. */
export async function findPeers(): Promise<Peers> {
  const [bun, node] = await Promise.all([findBun(), findNode()]);
  const found = [bun, node];
  return {
    bun: "program" in bun ? bun.program : null,
    node: "program" in node ? node : null,
    missing: found.flatMap((peer) => "missing" in peer ? [peer.missing] : []),
    versions: found.flatMap((peer) => "versions" in peer ? peer.versions : []),
  };
}
