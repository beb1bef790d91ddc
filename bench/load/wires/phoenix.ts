import { SEQUENCE } from "../template.ts";
import type { Wire } from "../wire.ts";
import { joinMessage } from "../words.ts";

/** Phoenix's protocol: a channel of a topic. An echo is a push with a reply. */
export function phoenix(vsn: string, topic: string): Wire {
  return {
    path: `/socket/websocket?vsn=${vsn}`,
    hello: joinMessage(topic),
    greets: false,
    pong: null,
    tail: 1, // "]", but for an offset
    enter(text) {
      const [, , , event, payload] = JSON.parse(text) as [
        unknown,
        unknown,
        string,
        string,
        { status?: string },
      ];
      if (event !== "phx_reply" || payload.status !== "ok") throw new Error(`The join was answered ${text}`);
      return null;
    },
    echo: (text) => ({
      sent: `["1","${SEQUENCE}","${topic}","echo",{"text":"${text}"}]`,
      expected: `["1","${SEQUENCE}","${topic}","phx_reply",{"response":{"text":"${text}"},"status":"ok"}]`,
    }),
    publish: (text) => ({
      sent: `["1","2","${topic}","say",{"text":"${text}"}]`,
      expected: `[null,null,"${topic}","said",{"text":"${text}"}`,
    }),
  };
}
