/**
 * The wire: codecs for Phoenix Channels (1.0.0, 2.0.0 and our 2.1.0), raw frames, close codes, and the codec that makes
 * a stock `phoenix` client speak 2.1.0. All of it is pure and runs in a browser.
 *
 * @module
 */

export type { Position } from "../base/position.ts";
export * from "./client_codec.ts";
export * from "./close_codes.ts";
export {
  type Codec,
  Frame,
  type Inbound,
  MalformedMessage,
  MAX_BATCH_BYTES,
  MAX_BATCH_MESSAGES,
  utf8Length,
  type WireData,
} from "./codec.ts";
export { MAX_BINARY_FIELD_BYTES } from "./binary_message.ts";
export { checkCodecs, DEFAULT_VSN, selectCodec } from "./negotiation.ts";
export { phoenixV1 } from "./phoenix_v1.ts";
export { phoenixV2 } from "./phoenix_v2.ts";
export { phoenixV21 } from "./phoenix_v2_1.ts";
export { rawCodec, rawFrame } from "./raw.ts";
export {
  ANSWER_EVENT,
  type AnswerHandlers,
  type AnsweringChannel,
  type AnswerMessage,
  type AnswerOptions,
  answerRequests,
  REQUEST_EVENT,
  type RequestMessage,
  RequestRefused,
} from "./requests.ts";
export { BYTES_MEMBER, textual } from "./textual.ts";
