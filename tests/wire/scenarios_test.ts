/**
 * Scenarios of our own, in the notation of the transcripts, against the reference app and a few topics more. Where
 * Phoenix would say something else, or may, the title or a note says so.
 *
 * @module
 */

import { type App, type AppOptions, type DeferredReply, refuse } from "../../mod.ts";
import { referenceApp } from "./reference_app.ts";
import { playAlone } from "./stage.ts";
import { parseScenario } from "./transcript.ts";

/** The reference app, and topics whose handlers take their time. */
function scenarioApp(options: AppOptions): App {
  const held = new Map<unknown, DeferredReply>();
  return referenceApp(options)
    .topic("held:*", {
      join(_ctx, payload) {
        if ((payload as { refuse?: boolean }).refuse) return refuse({ reason: "not again" });
      },
      on: {
        echo: (_ctx, payload) => payload,
        /** Answers when `release` names the same key. */
        hold(ctx, payload) {
          held.set(payload, ctx.defer());
        },
        release(_ctx, payload) {
          held.get(payload)?.ok({ released: payload });
        },
        /** Takes until another channel says `go`. */
        wait: (_ctx, payload) => new Promise((resolve) => going.set(payload, resolve)),
      },
    })
    .topic("gate:*", {
      on: {
        go(_ctx, payload) {
          going.get(payload)?.({ went: payload });
          return {};
        },
        release(_ctx, payload) {
          held.get(payload)?.ok({ released: payload });
          return {};
        },
      },
    })
    .topic("greeting:*", {
      join(ctx) {
        ctx.push("welcome", { to: ctx.topic });
        ctx.broadcast("arrived", { at: ctx.topic });
        return { hello: "there" };
      },
      on: { echo: (_ctx, payload) => payload },
    });
}

/** The handlers that wait, by what they wait for. */
const going = new Map<unknown, (value: unknown) => void>();

function scenario(title: string, text: string): void {
  Deno.test(`Scenario: ${title}`, () => playAlone(parseScenario(title, text), [], scenarioApp));
}

// ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "pipelined: broadcasts and replies of one channel keep their order",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT ["1","2","room:a","say_ok",{"n":1}]
A > TEXT ["1","3","room:a","echo",{"n":2}]
A > TEXT ["1","4","room:a","say_ok",{"n":3}]
A > TEXT ["1","5","room:a","push_me",{"n":4}]
A > TEXT ["1","6","room:a","say",{"n":5}]
A > TEXT ["1","7","room:a","echo",{"n":6}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,null,"room:a","said",{"n":1}]
A < TEXT ["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{"n":2},"status":"ok"}]
A < TEXT [null,null,"room:a","said",{"n":3}]
A < TEXT ["1","4","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1",null,"room:a","pushed",{"n":4}]
A < TEXT [null,null,"room:a","said",{"n":5}]
A < TEXT ["1","7","room:a","phx_reply",{"response":{"n":6},"status":"ok"}]
`,
);

scenario(
  "pipelined: say_from, echo: the sender gets its reply alone, the other member the publications in order",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
B > TEXT ["1","1","room:a","phx_join",{}]
B < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say_from",{"n":1}]
A > TEXT ["1","3","room:a","echo",{"n":2}]
A > TEXT ["1","4","room:a","say_from",{"n":3}]
A > TEXT ["1","5","room:a","say",{"n":4}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{"n":2},"status":"ok"}]
A < TEXT [null,null,"room:a","said",{"n":4}]
B < TEXT [null,null,"room:a","said",{"n":1}]
B < TEXT [null,null,"room:a","said",{"n":3}]
B < TEXT [null,null,"room:a","said",{"n":4}]
`,
);

scenario(
  "pipelined: say, then leave: the publication comes first, then reply and close; the other member gets it, too",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
B > TEXT ["1","1","room:a","phx_join",{}]
B < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say",{"n":1}]
A > TEXT ["1","3","room:a","phx_leave",{}]
A < TEXT [null,null,"room:a","said",{"n":1}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
B < TEXT [null,null,"room:a","said",{"n":1}]
`,
);

scenario(
  "pipelined: say, then a crash, a stop, or a stop with a reply: the publication comes first",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say",{"n":1}]
A > TEXT ["1","3","room:a","boom",{}]
A < TEXT [null,null,"room:a","said",{"n":1}]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["4","4","room:a","phx_join",{}]
A > TEXT ["4","5","room:a","say",{"n":2}]
A > TEXT ["4","6","room:a","stop_shutdown",{}]
A < TEXT ["4","4","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,null,"room:a","said",{"n":2}]
A < TEXT ["4","4","room:a","phx_close",{}]
A > TEXT ["7","7","room:a","phx_join",{}]
A > TEXT ["7","8","room:a","say",{"n":3}]
A > TEXT ["7","9","room:a","stop_reply",{"bye":true}]
A < TEXT ["7","7","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,null,"room:a","said",{"n":3}]
A < TEXT ["7","9","room:a","phx_reply",{"response":{"bye":true},"status":"ok"}]
A < TEXT ["7","7","room:a","phx_close",{}]
`,
);

scenario(
  "pipelined: join, crash, rejoin, echo",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT ["1","2","room:a","boom",{}]
A > TEXT ["3","3","room:a","phx_join",{}]
A > TEXT ["3","4","room:a","echo",{"n":1}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A < TEXT ["3","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["3","4","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
`,
);

scenario(
  "pipelined: what is behind a crash is answered (Phoenix loses it in the dead process, or answers the same)",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","boom",{}]
A > TEXT ["1","3","room:a","echo",{}]
A > TEXT ["1","4","room:a","phx_leave",{}]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A < TEXT [null,"3","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A < TEXT ["1","4","room:a","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "pipelined: joins, heartbeats, refusals and unmatched topics are answered in the order in which they came",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT [null,"2","phoenix","heartbeat",{}]
A > TEXT ["3","3","room:refuse","phx_join",{}]
A > TEXT ["4","4","nosuch:a","phx_join",{}]
A > TEXT ["5","5","room:crashjoin","phx_join",{}]
A > TEXT ["6","6","room:b","phx_join",{}]
A > TEXT [null,"7","room:x","echo",{}]
A > TEXT ["9","8","room:x","phx_leave",{}]
A > TEXT [null,"9","phoenix","heartbeat",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,"2","phoenix","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["3","3","room:refuse","phx_reply",{"response":{"reason":"unauthorized"},"status":"error"}]
A < TEXT [null,"4","nosuch:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A < TEXT ["5","5","room:crashjoin","phx_reply",{"response":{"reason":"join crashed"},"status":"error"}]
A < TEXT ["6","6","room:b","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,"7","room:x","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A < TEXT ["9","8","room:x","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,"9","phoenix","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "pipelined: two channels: each keeps its own order (between channels, any order is legal)",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["2","2","room:b","phx_join",{}]
A < TEXT ["2","2","room:b","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","3","room:a","echo",{"n":1}]
A > TEXT ["2","4","room:b","echo",{"n":2}]
A > TEXT ["1","5","room:a","echo",{"n":3}]
A > TEXT ["2","6","room:b","echo",{"n":4}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A < TEXT ["2","4","room:b","phx_reply",{"response":{"n":2},"status":"ok"}]
A < TEXT ["1","5","room:a","phx_reply",{"response":{"n":3},"status":"ok"}]
A < TEXT ["2","6","room:b","phx_reply",{"response":{"n":4},"status":"ok"}]
`,
);

scenario(
  "what a join pushes and publishes comes behind its reply, in order",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","greeting:a","phx_join",{}]
A < TEXT ["1","1","greeting:a","phx_reply",{"response":{"hello":"there"},"status":"ok"}]
A < TEXT ["1",null,"greeting:a","welcome",{"to":"greeting:a"}]
B > TEXT ["7","7","greeting:a","phx_join",{}]
B < TEXT ["7","7","greeting:a","phx_reply",{"response":{"hello":"there"},"status":"ok"}]
B < TEXT ["7",null,"greeting:a","welcome",{"to":"greeting:a"}]
A < TEXT [null,null,"greeting:a","arrived",{"at":"greeting:a"}]
`,
);

scenario(
  "who joins gets what is published from then on, nothing of before",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say",{"n":1}]
A < TEXT [null,null,"room:a","said",{"n":1}]
B > TEXT ["5","5","room:a","phx_join",{}]
B < TEXT ["5","5","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","3","room:a","say",{"n":2}]
A < TEXT [null,null,"room:a","said",{"n":2}]
B < TEXT [null,null,"room:a","said",{"n":2}]
`,
);

// ── Joining and leaving ──────────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "a join without a join_ref takes its ref, and says null where the client did",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT [null,"1","room:a","phx_join",{}]
A < TEXT [null,"1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT [null,"2","room:a","echo",{"n":1}]
A < TEXT ["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT ["1","3","room:a","push_me",{"n":2}]
A < TEXT ["1",null,"room:a","pushed",{"n":2}]
A > TEXT [null,"4","room:a","phx_leave",{}]
A < TEXT ["1","4","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,null,"room:a","phx_close",{}]
A > TEXT [null,"5","room:a","phx_join",{}]
A < TEXT [null,"5","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT [null,"6","room:a","boom",{}]
A < TEXT [null,null,"room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT [null,"7","room:refuse","phx_join",{}]
A < TEXT [null,"7","room:refuse","phx_reply",{"response":{"reason":"unauthorized"},"status":"error"}]
`,
);

scenario(
  "a join with neither join_ref nor ref is refused: its channel could not be named (Phoenix names it null)",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT [null,null,"room:a","phx_join",{}]
A < TEXT [null,null,"room:a","phx_reply",{"response":{"reason":"missing_ref"},"status":"error"}]
A > TEXT [null,"2","room:a","echo",{}]
A < TEXT [null,"2","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
`,
);

scenario(
  "join_ref and ref of a join may differ; refs are any strings",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["j","r","room:a","phx_join",{}]
A < TEXT ["j","r","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["j","","room:a","echo",{"n":1}]
A < TEXT ["j","","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT ["r","2","room:a","echo",{}]
A > TEXT ["j","ré 😀","room:a","phx_leave",{}]
A < TEXT ["j","ré 😀","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["j","j","room:a","phx_close",{}]
`,
);

scenario(
  "a push without a ref is answered without one",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1",null,"room:a","echo",{"n":1}]
A < TEXT ["1",null,"room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT [null,null,"room:a","echo_error",{"n":2}]
A < TEXT ["1",null,"room:a","phx_reply",{"response":{"n":2},"status":"error"}]
A > TEXT [null,null,"room:x","echo",{}]
A < TEXT [null,null,"room:x","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A > TEXT ["1",null,"room:a","async",{"n":3}]
(a late reply needs a ref: Phoenix's channel crashes here)
A > TEXT ["1",null,"room:a","phx_leave",{}]
A < TEXT ["1",null,"room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
`,
);

scenario(
  "pipelined: leave twice: the second is answered as for a topic that is not joined (Phoenix may lose it)",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT ["1","2","room:a","phx_leave",{}]
A > TEXT ["1","3","room:a","phx_leave",{}]
A > TEXT ["9","4","room:a","echo",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT [null,"4","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
`,
);

scenario(
  "a duplicate join with the same join_ref: ok first, then the close of the old one",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
A > TEXT ["1","2","room:a","say",{"n":1}]
A < TEXT [null,null,"room:a","said",{"n":1}]
`,
);

scenario(
  "pipelined: three joins of one topic: each ok is followed by the close of the one before",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT ["2","2","room:a","phx_join",{}]
A > TEXT ["3","3","room:a","phx_join",{}]
A > TEXT ["3","4","room:a","say",{"n":1}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["2","2","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
A < TEXT ["3","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["2","2","room:a","phx_close",{}]
A < TEXT [null,null,"room:a","said",{"n":1}]
`,
);

scenario(
  "a duplicate join that is refused ends the old channel all the same: error first, then its close",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["2","2","held:a","phx_join",{"refuse":true}]
A < TEXT ["2","2","held:a","phx_reply",{"response":{"reason":"not again"},"status":"error"}]
A < TEXT ["1","1","held:a","phx_close",{}]
A > TEXT ["1","3","held:a","echo",{}]
A < TEXT [null,"3","held:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A > TEXT ["4","4","held:a","phx_join",{}]
A < TEXT ["4","4","held:a","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "a refused or crashed join can be tried again, and holds no place",
  `
A   (connect /limit/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:refuse","phx_join",{}]
A < TEXT ["1","1","room:refuse","phx_reply",{"response":{"reason":"unauthorized"},"status":"error"}]
A > TEXT ["2","2","room:crashjoin","phx_join",{}]
A < TEXT ["2","2","room:crashjoin","phx_reply",{"response":{"reason":"join crashed"},"status":"error"}]
A > TEXT ["3","3","room:refuse","phx_join",{}]
A < TEXT ["3","3","room:refuse","phx_reply",{"response":{"reason":"unauthorized"},"status":"error"}]
A > TEXT ["4","4","room:a","phx_join",{}]
A < TEXT ["4","4","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["5","5","room:b","phx_join",{}]
A < TEXT ["5","5","room:b","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["6","6","room:c","phx_join",{}]
A < TEXT ["6","6","room:c","phx_reply",{"response":{"reason":"too many channels joined"},"status":"error"}]
A > TEXT ["4","7","room:a","boom",{}]
A < TEXT ["4","4","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["8","8","room:c","phx_join",{}]
A < TEXT ["8","8","room:c","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "pipelined: a leave makes place for the next join; a topic that is on its way out counts no more than another",
  `
A   (connect /limit/websocket?vsn=2.0.0)
A > TEXT ["2","2","room:b","phx_join",{}]
A < TEXT ["2","2","room:b","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","1","room:a","phx_join",{}]
A > TEXT ["1","3","room:a","phx_leave",{}]
A > TEXT ["4","4","room:c","phx_join",{}]
A > TEXT ["5","5","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
A < TEXT ["4","4","room:c","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["5","5","room:a","phx_reply",{"response":{"reason":"too many channels joined"},"status":"error"}]
`,
);

scenario(
  "after a rejoin, what names the old incarnation is dropped; what names none is for the new one",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","boom",{}]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["3","3","room:a","phx_join",{}]
A < TEXT ["3","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","4","room:a","say",{"n":1}]
A > TEXT ["1","5","room:a","phx_leave",{}]
A > BIN  00 01 01 06 04 31 36 72 6f 6f 6d 3a 61 65 63 68 6f 01
A > TEXT [null,"7","room:a","echo",{"n":2}]
A < TEXT ["3","7","room:a","phx_reply",{"response":{"n":2},"status":"ok"}]
`,
);

scenario(
  "the topic phoenix is a topic like any other, except for heartbeats",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","phoenix","phx_join",{}]
A < TEXT [null,"1","phoenix","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A > TEXT ["1","2","phoenix","phx_leave",{}]
A < TEXT ["1","2","phoenix","phx_reply",{"response":{},"status":"ok"}]
A > TEXT [null,"3","phoenix","heartbeat",null]
A < TEXT [null,"3","phoenix","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["4","4","room:a","phx_join",{}]
A < TEXT ["4","4","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["4","5","room:a","heartbeat",{}]
A < TEXT ["4","4","room:a","phx_error",{"reason":"channel_crash"}]
`,
);

scenario(
  "a client's own phx_reply, phx_close and phx_error are events without a handler",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","phx_close",{}]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["1","3","room:a","phx_error",{}]
A < TEXT [null,"3","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A > TEXT [null,"4","room:b","phx_reply",{"status":"ok","response":{}}]
A < TEXT [null,"4","room:b","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
`,
);

// ── Late replies ─────────────────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "late replies come when they are given, in any order, each with its own ref",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","held:a","hold","x"]
A > TEXT ["1","3","held:a","hold","y"]
A > TEXT ["1","4","held:a","echo",{"n":1}]
A < TEXT ["1","4","held:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT ["1","5","held:a","release","y"]
A < TEXT ["1","3","held:a","phx_reply",{"response":{"released":"y"},"status":"ok"}]
A > TEXT ["1","6","held:a","release","x"]
A < TEXT ["1","2","held:a","phx_reply",{"response":{"released":"x"},"status":"ok"}]
A > TEXT ["1","7","held:a","release","x"]
`,
);

scenario(
  "the reference app's late reply",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","async",{"n":1}]
A < TEXT ["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT [null,"3","room:a","async",{"n":2}]
A < TEXT ["1","3","room:a","phx_reply",{"response":{"n":2},"status":"ok"}]
A > BIN  00 01 01 06 05 31 34 72 6f 6f 6d 3a 61 61 73 79 6e 63 01 02
A < BIN  01 01 01 06 02 31 34 72 6f 6f 6d 3a 61 6f 6b 01 02
`,
);

scenario(
  "a reply that is given after the leave is dropped",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["2","2","gate:a","phx_join",{}]
A < TEXT ["2","2","gate:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","3","held:a","hold","left"]
A > TEXT ["1","4","held:a","phx_leave",{}]
A < TEXT ["1","4","held:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","held:a","phx_close",{}]
A > TEXT ["2","5","gate:a","release","left"]
A < TEXT ["2","5","gate:a","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "a handler that is pending when its client leaves: the leave is answered at once, the late result is dropped",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["2","2","gate:a","phx_join",{}]
A < TEXT ["2","2","gate:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","3","held:a","wait","left"]
A > TEXT ["1","4","held:a","phx_leave",{}]
A < TEXT ["1","4","held:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","held:a","phx_close",{}]
A > TEXT ["2","5","gate:a","go","left"]
A < TEXT ["2","5","gate:a","phx_reply",{"response":{},"status":"ok"}]
`,
);

scenario(
  "a slow handler delays its own channel alone, and its messages keep their order",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["2","2","gate:a","phx_join",{}]
A < TEXT ["2","2","gate:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","3","held:a","wait","slow"]
A > TEXT ["1","4","held:a","echo",{"n":1}]
A > TEXT ["2","5","gate:a","go","slow"]
A < TEXT ["2","5","gate:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","3","held:a","phx_reply",{"response":{"went":"slow"},"status":"ok"}]
A < TEXT ["1","4","held:a","phx_reply",{"response":{"n":1},"status":"ok"}]
`,
);

scenario(
  "a duplicate join does not wait for a pending handler of the old channel",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","held:a","phx_join",{}]
A < TEXT ["1","1","held:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","held:a","wait","replaced"]
A > TEXT ["3","3","held:a","phx_join",{}]
A < TEXT ["3","3","held:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","held:a","phx_close",{}]
A > TEXT ["3","4","held:a","echo",{"n":1}]
A < TEXT ["3","4","held:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A > TEXT ["5","5","gate:a","phx_join",{}]
A < TEXT ["5","5","gate:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["5","6","gate:a","go","replaced"]
A < TEXT ["5","6","gate:a","phx_reply",{"response":{},"status":"ok"}]
`,
);

// ── The end of a connection ──────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "a disconnect closes every connection of the user, and no other",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=1.0.0&id=ua)
C   (connect /socket/websocket?vsn=2.0.0&id=uc)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
C > TEXT ["1","1","room:a","phx_join",{}]
C < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","disconnect_all",{}]
A < CLOSE 1001 "disconnected"
B < CLOSE 1001 "disconnected"
C > TEXT ["1","2","room:a","say",{"n":1}]
C < TEXT [null,null,"room:a","said",{"n":1}]
`,
);

scenario(
  "at once: what was published before a disconnect comes first",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say_ok",{"n":1}]
A > TEXT ["1","3","room:a","disconnect_all",{}]
A < TEXT [null,null,"room:a","said",{"n":1}]
A < TEXT ["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]
A < CLOSE 1001 "disconnected"
`,
);

scenario(
  "a connection that is dropped without a close frame is no member any more",
  `
A   (connect /socket/websocket?vsn=2.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
B > TEXT ["1","1","room:a","phx_join",{}]
B < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
B   (drop)
A > TEXT ["1","2","room:a","say",{"n":1}]
A < TEXT [null,null,"room:a","said",{"n":1}]
`,
);

scenario(
  "a close by the client is answered with its own code (as by Cowboy; Bandit answers 1000 always)",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > CLOSE 1001
A < CLOSE 1001 ""
B   (connect /socket/websocket?vsn=2.0.0)
B > CLOSE 4001
B < CLOSE 4001 ""
C   (connect /socket/websocket?vsn=2.0.0)
C > CLOSE
C < CLOSE
D   (connect /socket/websocket?vsn=2.0.0)
D > CLOSE 3000 "hi"
D < CLOSE 3000 "hi"
`,
);

scenario(
  "idle: what the server sends is no sign of life; any message of the client's is",
  `
A   (connect /short/websocket?vsn=2.0.0&id=ua)
B   (connect /short/websocket?vsn=2.0.0&id=ub)
A > TEXT ["1","1","room:idle","phx_join",{}]
A < TEXT ["1","1","room:idle","phx_reply",{"response":{},"status":"ok"}]
B > TEXT ["1","1","room:idle","phx_join",{}]
B < TEXT ["1","1","room:idle","phx_reply",{"response":{},"status":"ok"}]
(1 s pass)
B > TEXT ["1","2","room:idle","say",{"n":1}]
B < TEXT [null,null,"room:idle","said",{"n":1}]
A < TEXT [null,null,"room:idle","said",{"n":1}]
(1 s pass)
A < CLOSE 1001 "idle: nothing was heard for too long"
B > TEXT [null,"3","phoenix","heartbeat",{}]
B < TEXT [null,"3","phoenix","phx_reply",{"response":{},"status":"ok"}]
(1.4 s pass)
B > BIN  00 00 01 07 09 34 70 68 6f 65 6e 69 78 68 65 61 72 74 62 65 61 74
B < TEXT [null,"4","phoenix","phx_reply",{"response":{},"status":"ok"}]
(1.7 s pass)
B < CLOSE 1001 "idle: nothing was heard for too long"
`,
);

// ── Payloads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "any JSON is a payload: a reply says it as it came, and always has status and response",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:hello","phx_join",null]
A < TEXT ["1","1","room:hello","phx_reply",{"response":{"hello":"there","you_sent":null},"status":"ok"}]
A > TEXT ["1","2","room:hello","echo",null]
A < TEXT ["1","2","room:hello","phx_reply",{"response":null,"status":"ok"}]
A > TEXT ["1","3","room:hello","echo",0]
A < TEXT ["1","3","room:hello","phx_reply",{"response":0,"status":"ok"}]
A > TEXT ["1","4","room:hello","echo",""]
A < TEXT ["1","4","room:hello","phx_reply",{"response":"","status":"ok"}]
A > TEXT ["1","5","room:hello","echo",[1,[2,{"a":null}]]]
A < TEXT ["1","5","room:hello","phx_reply",{"response":[1,[2,{"a":null}]],"status":"ok"}]
A > TEXT ["1","6","room:hello","echo",false]
A < TEXT ["1","6","room:hello","phx_reply",{"response":false,"status":"ok"}]
A > TEXT ["1","7","room:hello","echo_error",null]
A < TEXT ["1","7","room:hello","phx_reply",{"response":null,"status":"error"}]
A > TEXT ["1","8","room:hello","echo",{"__proto__":{"x":1},"constructor":2,"toString":3}]
A < TEXT ["1","8","room:hello","phx_reply",{"response":{"__proto__":{"x":1},"constructor":2,"toString":3},"status":"ok"}]
A > TEXT ["1","9","room:hello","async",null]
A < TEXT ["1","9","room:hello","phx_reply",{"response":null,"status":"ok"}]
A > TEXT ["1","10","room:hello","stop_reply",null]
A < TEXT ["1","10","room:hello","phx_reply",{"response":null,"status":"ok"}]
A < TEXT ["1","1","room:hello","phx_close",{}]
`,
);

scenario(
  "what is no map is not broadcast or pushed by the reference app: the channel crashes, as Phoenix's does",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:a","say",[1,2]]
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["3","3","room:a","phx_join",{}]
A < TEXT ["3","3","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["3","4","room:a","push_me","text"]
A < TEXT ["3","3","room:a","phx_error",{"reason":"channel_crash"}]
A > TEXT ["5","5","room:a","phx_join",{}]
A < TEXT ["5","5","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["5","6","room:a","say_ok",null]
A < TEXT ["5","5","room:a","phx_error",{"reason":"channel_crash"}]
`,
);

scenario(
  "elements behind the fifth and white space are ignored",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{},"more",{"and":"more"}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT  [ "1" , "2" ,"room:a", "echo" , { "n" : 1 } ] 
A < TEXT ["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
`,
);

scenario(
  "topics and events in any script, as text and as bytes",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:é😀","phx_join",{}]
A < TEXT ["1","1","room:é😀","phx_reply",{"response":{},"status":"ok"}]
A > TEXT ["1","2","room:é😀","say",{"ключ":"значение"}]
A < TEXT [null,null,"room:é😀","said",{"ключ":"значение"}]
A > BIN  00 01 02 0b 03 31 c3 a9 72 6f 6f 6d 3a c3 a9 f0 9f 98 80 73 61 79 01
A < BIN  02 0b 04 72 6f 6f 6d 3a c3 a9 f0 9f 98 80 73 61 69 64 01
A > BIN  00 01 02 0b 04 31 c3 a9 72 6f 6f 6d 3a c3 a9 f0 9f 98 80 65 63 68 6f 02
A < BIN  01 01 02 0b 02 31 c3 a9 72 6f 6f 6d 3a c3 a9 f0 9f 98 80 6f 6b 02
A > TEXT ["1","3","room:é😀","событие",{}]
A < TEXT ["1","1","room:é😀","phx_error",{"reason":"channel_crash"}]
`,
);

// ── Bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

scenario(
  "pipelined: bytes keep their place between texts",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A > BIN  00 01 01 06 03 31 32 72 6f 6f 6d 3a 61 73 61 79 01
A > TEXT ["1","3","room:a","echo",{"n":1}]
A > BIN  00 01 01 06 04 31 34 72 6f 6f 6d 3a 61 65 63 68 6f 02
A > TEXT ["1","5","room:a","say",{"n":2}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A < BIN  02 06 04 72 6f 6f 6d 3a 61 73 61 69 64 01
A < TEXT ["1","3","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
A < BIN  01 01 01 06 02 31 34 72 6f 6f 6d 3a 61 6f 6b 02
A < TEXT [null,null,"room:a","said",{"n":2}]
`,
);

scenario(
  "bytes to a channel that crashed or was left",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > BIN  00 01 01 06 04 31 32 72 6f 6f 6d 3a 61 62 6f 6f 6d
A < TEXT ["1","1","room:a","phx_error",{"reason":"channel_crash"}]
A > BIN  00 01 01 06 04 31 33 72 6f 6f 6d 3a 61 65 63 68 6f 09
A < TEXT [null,"3","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
A > BIN  00 00 00 06 04 72 6f 6f 6d 3a 61 65 63 68 6f 09
A < TEXT [null,null,"room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]
`,
);

scenario(
  "joins and leaves as bytes",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > BIN  00 01 01 06 08 31 31 72 6f 6f 6d 3a 61 70 68 78 5f 6a 6f 69 6e
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > BIN  00 01 01 06 09 31 32 72 6f 6f 6d 3a 61 70 68 78 5f 6c 65 61 76 65
A < TEXT ["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]
A < TEXT ["1","1","room:a","phx_close",{}]
`,
);

scenario(
  "bytes without a ref, and a stop with bytes as its reply",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > TEXT ["1","1","room:a","phx_join",{}]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > BIN  00 01 00 06 04 31 72 6f 6f 6d 3a 61 65 63 68 6f 09
A < BIN  01 01 00 06 02 31 72 6f 6f 6d 3a 61 6f 6b 09
A > BIN  00 01 01 06 0a 31 32 72 6f 6f 6d 3a 61 73 74 6f 70 5f 72 65 70 6c 79 07
A < BIN  01 01 01 06 02 31 32 72 6f 6f 6d 3a 61 6f 6b 07
A < TEXT ["1","1","room:a","phx_close",{}]
`,
);

scenario(
  "malformed bytes: none at all, an empty topic, no UTF-8",
  `
A   (connect /socket/websocket?vsn=2.0.0)
A > BIN
A < CLOSE 1007 "a binary message must not be empty"
B   (connect /socket/websocket?vsn=2.0.0)
B > BIN  00 01 01 00 04 31 31 65 63 68 6f
B < CLOSE 1007 "topic must be a non-empty string; got """
C   (connect /socket/websocket?vsn=2.0.0)
C > BIN  00 01 01 01 04 31 31 ff 65 63 68 6f
C < CLOSE 1007 "…"
`,
);

// ── Version 1, and versions side by side ─────────────────────────────────────────────────────────────────────────────

scenario(
  "V1 without a vsn: duplicate join, crash, leave twice, heartbeat",
  `
A   (connect /socket/websocket)
A > TEXT {"topic":"room:a","event":"phx_join","payload":{},"ref":"1"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"1","topic":"room:a"}
A > TEXT {"topic":"room:a","event":"phx_join","payload":{},"ref":"2"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"2","topic":"room:a"}
A < TEXT {"event":"phx_close","payload":{},"ref":null,"topic":"room:a"}
A > TEXT {"topic":"room:a","event":"say","payload":{"n":1},"ref":"3"}
A < TEXT {"event":"said","payload":{"n":1},"ref":null,"topic":"room:a"}
A > TEXT {"topic":"room:a","event":"phx_leave","payload":{},"ref":"4"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"4","topic":"room:a"}
A < TEXT {"event":"phx_close","payload":{},"ref":null,"topic":"room:a"}
A > TEXT {"topic":"room:a","event":"phx_leave","payload":{},"ref":"5"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"5","topic":"room:a"}
A > TEXT {"topic":"phoenix","event":"heartbeat","payload":{},"ref":"6"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"6","topic":"phoenix"}
A > TEXT {"topic":"room:a","event":"echo","payload":{},"ref":"7","more":1}
A < TEXT {"event":"phx_reply","payload":{"response":{"reason":"unmatched topic"},"status":"error"},"ref":"7","topic":"room:a"}
`,
);

scenario(
  "V1 with a join_ref: it is the ref of the close",
  `
A   (connect /socket/websocket?vsn=1.0.0)
A > TEXT {"topic":"room:a","event":"phx_join","payload":{},"ref":"1","join_ref":"1"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"1","topic":"room:a"}
A > TEXT {"topic":"room:a","event":"echo","payload":null,"ref":"2","join_ref":"1"}
A < TEXT {"event":"phx_reply","payload":{"response":null,"status":"ok"},"ref":"2","topic":"room:a"}
A > TEXT {"topic":"room:a","event":"phx_leave","payload":{},"ref":"3","join_ref":"1"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"3","topic":"room:a"}
A < TEXT {"event":"phx_close","payload":{},"ref":"1","topic":"room:a"}
`,
);

scenario(
  "one topic, three versions: each client gets its own form; bytes are not for V1",
  `
A   (connect /socket/websocket?vsn=1.0.0&id=ua)
B   (connect /socket/websocket?vsn=2.0.0&id=ub)
C   (connect /socket/websocket?vsn=2.1.0&id=uc)
A > TEXT {"topic":"room:a","event":"phx_join","payload":{},"ref":"1"}
A < TEXT {"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"1","topic":"room:a"}
B > TEXT ["1","1","room:a","phx_join",{}]
B < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
C > TEXT ["1","1","room:a","phx_join",{}]
C < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT {"topic":"room:a","event":"say","payload":{"n":1},"ref":"2"}
A < TEXT {"event":"said","payload":{"n":1},"ref":null,"topic":"room:a"}
B < TEXT [null,null,"room:a","said",{"n":1}]
C < TEXT [null,null,"room:a","said",{"n":1}]
B > BIN  00 01 01 06 03 31 32 72 6f 6f 6d 3a 61 73 61 79 01
B < BIN  02 06 04 72 6f 6f 6d 3a 61 73 61 69 64 01
C < BIN  02 06 04 72 6f 6f 6d 3a 61 73 61 69 64 01
`,
);

scenario(
  "V2.1: a batch of the client's is its messages, in order; a malformed one has no effect at all",
  `
A   (connect /socket/websocket?vsn=2.1.0)
A > TEXT [["1","1","room:a","phx_join",{}]]
A < TEXT ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
A > TEXT [["1","2","room:a","echo",{"n":1}],["1","3","room:a","echo"]]
A < CLOSE 1007 "message 2 of 2: …"
`,
);
