import type { JsonText } from "../base/json_text.ts";
import type { ExtensionMember } from "../topics/extension.ts";

/** What presence is called among the extensions of a topic. */
export const PRESENCE = "presence";

/** The event of counts and pages, both ways. */
export const PRESENCE_EVENT = "troupe:presence";

/** What the presence of a topic is told. `owner` is who tracks: a member of the topic. */
export type PresenceMessage =
  /** Somebody is present under a key, with what is known of it: the JSON of an object. It replaces what it said before. */
  | { readonly type: "track"; readonly owner: object; readonly key: string; readonly body: string }
  /** Somebody is not present under a key any more. */
  | { readonly type: "untrack"; readonly owner: object; readonly key: string }
  /** The owner stands for so many tabs: each of them is present, with what the owner has said and will say. */
  | { readonly type: "tabs"; readonly owner: object; readonly tabs: number }
  /** A member has fallen behind, and is to be told how things stand now. */
  | { readonly type: "refresh"; readonly member: ExtensionMember }
  /** Somebody wants the page behind the number `after`. */
  | { readonly type: "page"; readonly after: number; readonly answer: (page: JsonText) => void };
