/** What fills a message up to its size: printable ASCII that JSON does not escape. */
export const PAD = Array.from({ length: 4_096 }, (_, i) => String.fromCharCode(97 + (i * 7 + (i >> 3)) % 26))
  .join("");

/** What joins a topic, in Phoenix's protocol. */
export function joinMessage(topic: string): string {
  return JSON.stringify(["1", "1", topic, "phx_join", {}]);
}
