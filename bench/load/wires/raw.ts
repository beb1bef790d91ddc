import type { Exchange, Wire } from "../wire.ts";

/** Text as it is: a server sends back what it got, to its sender or to all. `hello`: is sent back before all else. */
export function raw(path: string, hello: string | null = null): Wire {
  const same = (text: string): Exchange => ({ sent: text, expected: text });
  return {
    path,
    hello,
    greets: false,
    pong: null,
    tail: 0,
    enter(text) {
      if (text !== hello) throw new Error(`Expected ${hello} back, got ${text}`);
      return null;
    },
    echo: same,
    // Something like what the Phoenix protocol has around its payload: about as many bytes for the same text.
    publish: (text) => same(`["1","2","none","say",{"text":"${text}"}]`),
  };
}
