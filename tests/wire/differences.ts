/**
 * Every place where a Troupe server says something else than the recorded Phoenix 1.7.24, and why. A row that is not
 * needed fails its scenario, and so does a difference without a row.
 *
 * @module
 */

import type { Difference } from "./replay.ts";

const JSON_REASON = "A refused handshake says why, in JSON: Phoenix sends plain text or nothing.";
const STATUS = "The status that HTTP has for it (405, 426 with what is accepted), and the reason in JSON.";
const MALFORMED =
  "A message that cannot be read closes with 1007 and names the fault: Phoenix's process crashes.";
const STRICT = "Topics, events and refs are strings: what is none is malformed, it is not looked up.";
const CRASH = "Phoenix 1.8.10 and later say why in the payload.";
const STALE = "A push for another incarnation is dropped, as in Phoenix 1.8.3 and later.";
const NULL_LEAVE =
  "A leave without a join_ref is for the current channel, whatever its join_ref, as for every other push.";
const AWAY =
  "1000 would tell clients up to 1.8.15 to stay away: a forced close is 1001, as in Phoenix 1.8.8 and later.";
const IDLE =
  "1002 accuses the client of a protocol error, and 1000 tells it to stay away: an idle close is 1001.";
const PING =
  "The runtime answers pings by itself and does not show them: they do not count as a sign of life.";
const WHY = "The same code, and a reason.";
const UTF8 = "The runtime drops the TCP connection on invalid UTF-8, without a close frame.";
const PATIENT =
  "What cannot be read is answered at once, with the reason: Phoenix's process crashes, and the POST hangs.";
const NDJSON = "The last line of a body may end with a line break, as ndjson has it.";
const TEXT_ONLY = "Bytes cannot travel in JSON: they go as a JSON payload that says so.";
const SAID = "What is not read of a body is not dropped without a word.";
const ONE_DIFF = "What changes in one turn is told in one diff: each of Phoenix's processes tells its own.";
const DEFLATE = "The runtime has no permessage-deflate.";

/** Scenarios that are not played yet, and why. */
export const later: Readonly<Record<string, string>> = {};

/** The table. */
export const differences: readonly Difference[] = [
  answer("3", 1, {
    phoenix: "101 Switching Protocols | sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= | " +
      "sec-websocket-extensions: permessage-deflate;client_max_window_bits=15 | sec-websocket-protocol: chat",
    ours: "101 Switching Protocols | sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= | " +
      "sec-websocket-protocol: chat",
    reason: DEFLATE,
  }),
  refusal("3", 3, "403 Forbidden", "", { reason: "no_sub_protocol", accepted: ["chat"] }),
  refusal("4", 1, "400 Bad Request", "'connection' header must contain 'upgrade', got []", {
    reason: "upgrade_required",
    message: "the connection header must hold upgrade",
  }, "426 Upgrade Required"),
  refusal("5", 1, "400 Bad Request", `'sec-websocket-version' header must equal '13', got ["8"]`, {
    reason: "bad_websocket_version",
    message: "sec-websocket-version must be 13, got 8",
  }, "426 Upgrade Required | sec-websocket-version: 13"),
  refusal("6", 1, "400 Bad Request", "'sec-websocket-key' header is absent", {
    reason: "bad_handshake",
    message: "the sec-websocket-key header is absent",
  }),
  refusal("7", 1, "400 Bad Request", "", {
    reason: "method_not_allowed",
    message: "a WebSocket handshake is a GET, got POST",
  }, "405 Method Not Allowed"),
  refusal("8", 1, "404 Not Found", "not found", { reason: "not_found" }),
  refusal("8", 3, "404 Not Found", "not found", { reason: "not_found" }),
  refusal("9", 1, "403 Forbidden", "", unsupported("3.0.0")),
  refusal("10", 1, "403 Forbidden", "", unsupported("abc")),
  refusal("10", 3, "403 Forbidden", "", unsupported("2")),
  refusal("12", 1, "403 Forbidden", "", { reason: "not_authenticated" }),
  refusal("14", 1, "403 Forbidden", "", { reason: "origin_not_allowed", origin: "http://evil.example" }),

  {
    scenario: "24",
    line: 8,
    phoenix: 'A < TEXT ["2","3","room:a","phx_reply",{"response":{"from":"old"},"status":"ok"}]',
    ours: [],
    reason: STALE,
  },
  {
    scenario: "25",
    line: 4,
    phoenix: null,
    ours: [
      'A < TEXT ["1","2","room:a","phx_reply",{"response":{},"status":"ok"}]',
      'A < TEXT ["1","1","room:a","phx_close",{}]',
    ],
    reason: NULL_LEAVE,
  },

  closed("34", 5, "1007", "a binary message from a client must be of kind 0 (push); got kind 1", MALFORMED),
  closed("35", 3, "1007", "a binary push begins with 5 bytes of header; the message has 3", MALFORMED),
  closed("36", 3, "1007", "the header of the binary push names 208 bytes; the message has 7", MALFORMED),

  crash("37", 10, ["1", "room:a"]),
  crash("38", 5, ["1", "room:a"]),
  crash("42", 5, ["1", "room:a"]),
  crash("42", 9, ["3", "room:a"]),

  { ...closed("44", 6, "1001", "disconnected", AWAY), phoenix: 'A < CLOSE 1000 ""' },

  closed("45", 5, "1007", "not JSON: …", MALFORMED),
  closed("46", 5, "1007", "not JSON: …", MALFORMED),
  closed("47", 5, "1007", "a message is [join_ref, ref, topic, event, payload]; got an object", MALFORMED),
  closed(
    "48",
    5,
    "1007",
    "a message is [join_ref, ref, topic, event, payload]; got an array of 4",
    MALFORMED,
  ),
  {
    ...closed("49", 5, "1007", "topic must be a non-empty string; got 5", STRICT),
    phoenix: 'A < TEXT [null,"1",5,"phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]',
  },
  {
    ...closed("50", 5, "1007", "event must be a non-empty string; got null", STRICT),
    phoenix:
      'A < TEXT [null,"1","room:a","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]',
  },
  closed("51", 5, "1007", "not JSON: the message is empty", MALFORMED),
  { ...closed("54", 3, "1006", "", UTF8), phoenix: 'A < CLOSE 1007 ""', on: "websocket" },
  { ...closed("54", 3, "1007", "a text is no UTF-8", WHY), phoenix: 'A < CLOSE 1007 ""', on: "ws" },

  {
    ...closed("58", 5, "1001", "idle: nothing was heard for too long", IDLE),
    phoenix: 'A < CLOSE 1002 ""',
  },
  { ...closed("59", 7, "1001", "idle: nothing was heard for too long", PING), phoenix: null },
  { ...closed("61", 3, "1009", "a message may have 16000000 bytes", WHY), phoenix: 'A < CLOSE 1009 ""' },

  {
    scenario: "64",
    line: 13,
    phoenix: diff64("B", {}, { u1: "GOpsKydIa21ZgYWB" }),
    ours: [],
    reason: ONE_DIFF,
  },
  ...[["B", 14], ["A", 17]].map(([who, line]): Difference => ({
    scenario: "64",
    line: Number(line),
    phoenix: diff64(String(who), { u1: "GOpsKz9WA7FZgYWh" }, {}),
    ours: [diff64(String(who), { u1: "GOpsKz9WA7FZgYWh" }, { u1: "GOpsKydIa21ZgYWB" })],
    reason: ONE_DIFF,
  })),

  {
    scenario: "66",
    line: 15,
    phoenix: 'A < TEXT {"event":"phx_error","payload":{},"ref":null,"topic":"room:a"}',
    ours: ['A < TEXT {"event":"phx_error","payload":{"reason":"channel_crash"},"ref":null,"topic":"room:a"}'],
    reason: CRASH,
  },
  closed("68", 3, "1007", 'a message is {"topic", "event", "payload", "ref"}; payload is missing', MALFORMED),
  closed("69", 3, "1007", "version 1.0.0 has no binary messages; connect with vsn=2.0.0", MALFORMED),

  polled("72", 13, '200 {"status":408}', '200 {"status":410,"code":1007,"reason":"not JSON: …"}', PATIENT),
  polled(
    "74",
    10,
    `200 {"messages":["\\u0001\\u0001\\u0001\\u0006\\u000212room:aokAB"],"status":200,"token":"<token5>"}`,
    `200 {"messages":[${bytesReply("2", "QUI=")}],"status":200,"token":"<token5>"}`,
    TEXT_ONLY,
  ),
  polled(
    "74",
    14,
    "500",
    `200 {"messages":[${bytesReply("3", "Qf8=")}],"status":200,"token":"<token5>"}`,
    TEXT_ONLY,
  ),
  polled("75", 5, '200 {"status":408}', '200 {"status":200}', NDJSON),
  polled(
    "75",
    7,
    '200 {"messages":[],"status":410,"token":"<token7>"}',
    `200 {"messages":[${
      JSON.stringify('["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]')
    }],"status":200,"token":"<token6>"}`,
    NDJSON,
  ),
  forbidden("77", 2, unsupported("3.0.0")),
  forbidden("77", 4, { reason: "not_authenticated" }),
  forbidden("77", 6, { reason: "by_authenticate" }),
  forbidden("79", 2, { reason: "origin_not_allowed", origin: "http://evil.example" }),
  polled("82", 5, '200 {"status":408}', '200 {"status":410,"code":1007,"reason":"not JSON: …"}', PATIENT),
  polled(
    "83",
    4,
    "500",
    '400 {"status":400,"reason":"bad_body","message":"line 1 is neither a JSON array nor base64"}',
    PATIENT,
  ),
  polled("84", 8, '200 {"status":200}', '200 {"status":200,"reason":"lines_ignored"}', SAID),
  {
    scenario: "85",
    line: 6,
    phoenix: crashed85("{}"),
    ours: [crashed85('{"reason":"channel_crash"}')],
    reason: CRASH,
  },

  { ...closed("SIGTERM", 7, "1012", "the server restarts", WHY), phoenix: 'A < CLOSE 1012 ""' },

  crash("CLIENT", 21, ["4", "room:1"]),
  { ...closed("CLIENT", 49, "1001", "disconnected", AWAY), phoenix: 'A < CLOSE 1000 ""' },
];

function answer(
  scenario: string,
  line: number,
  { phoenix, ours, reason }: { phoenix: string; ours: string; reason: string },
): Difference {
  return { scenario, line, phoenix, ours: [ours], reason };
}

function refusal(
  scenario: string,
  line: number,
  status: string,
  text: string,
  body: object,
  ourStatus = status,
): Difference {
  const phoenix = `${status} | ${JSON.stringify(text)}`;
  return answer(scenario, line, {
    phoenix,
    ours: `${ourStatus} | ${JSON.stringify(JSON.stringify(body))}`,
    reason: status === ourStatus ? JSON_REASON : STATUS,
  });
}

function unsupported(vsn: string): object {
  return { reason: "unsupported_version", vsn, accepted: ["1.0.0", "2.0.0", "2.1.0"] };
}

function closed(scenario: string, line: number, code: string, why: string, reason: string): Difference {
  return { scenario, line, phoenix: 'A < CLOSE 1011 ""', ours: [`A < CLOSE ${code} "${why}"`], reason };
}

function crash(scenario: string, line: number, [joinRef, topic]: readonly [string, string]): Difference {
  const says = (payload: string): string =>
    `A < TEXT ["${joinRef}","${joinRef}","${topic}","phx_error",${payload}]`;
  return {
    scenario,
    line,
    phoenix: says("{}"),
    ours: [says('{"reason":"channel_crash"}')],
    reason: CRASH,
  };
}

function polled(scenario: string, line: number, phoenix: string, ours: string, reason: string): Difference {
  return { scenario, line, phoenix: `A < HTTP ${phoenix}`, ours: [`A < HTTP ${ours}`], reason };
}

function forbidden(scenario: string, line: number, why: object): Difference {
  const ours = `200 ${JSON.stringify({ status: 403, ...why })}`;
  return polled(scenario, line, '200 {"status":403}', ours, JSON_REASON);
}

function bytesReply(ref: string, base64: string): string {
  const payload = `{"response":{"troupe:bytes":"${base64}"},"status":"ok"}`;
  return JSON.stringify(`["1","${ref}","room:a","phx_reply",${payload}]`);
}

function crashed85(payload: string): string {
  const messages = [
    '["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]',
    `["1","1","room:a","phx_error",${payload}]`,
  ];
  return `A < HTTP 200 {"messages":${JSON.stringify(messages)},"status":200,"token":"<token17>"}`;
}

/** `joins` and `leaves`: a reference by key. */
function diff64(
  who: string,
  joins: Readonly<Record<string, string>>,
  leaves: Readonly<Record<string, string>>,
): string {
  const half = (refs: Readonly<Record<string, string>>): object =>
    Object.fromEntries(
      Object.entries(refs).map(([key, ref]) => [key, { metas: [{ meta: "m", phx_ref: ref }] }]),
    );
  const payload = JSON.stringify({ joins: half(joins), leaves: half(leaves) });
  return `${who} < TEXT [null,null,"presence:z","presence_diff",${payload}]`;
}
