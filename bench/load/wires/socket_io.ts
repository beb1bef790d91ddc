import { SEQUENCE } from "../template.ts";
import type { Wire } from "../wire.ts";

/** Engine.IO 4 and Socket.IO 5 over a WebSocket from the start. An echo is an event with an acknowledgement. */
export function socketIo(): Wire {
  return {
    path: "/socket.io/?EIO=4&transport=websocket",
    hello: null,
    greets: true,
    pong: "3",
    tail: 0,
    enter(text) {
      if (text.startsWith("0{")) return "40"; // opened: enter the main namespace
      if (text.startsWith("40{")) return null;
      throw new Error(`The way in was answered ${text}`);
    },
    // A number's leading zeros are not sent back.
    echo: (text) => ({
      sent: `421${SEQUENCE}["echo",{"text":"${text}"}]`,
      expected: `431${SEQUENCE}[{"text":"${text}"}]`,
    }),
    publish: (text) => ({
      sent: `42["say",{"text":"${text}"}]`,
      expected: `42["said",{"text":"${text}"}]`,
    }),
  };
}
