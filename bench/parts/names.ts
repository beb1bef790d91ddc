/** The contenders of more than one part, by name. */
export const BARE = "bare Deno",
  AGAIN = "bare Deno once more (noise floor)",
  BUN = "Bun",
  WS = "ws on Node",
  SOCKET_IO = "Socket.IO on Node";

/** Whom others are compared with, and how that is called at the head of a column. */
export const BASES = [
  { name: BARE, head: "× bare" },
  { name: BUN, head: "× Bun" },
  { name: SOCKET_IO, head: "× Socket.IO" },
];
