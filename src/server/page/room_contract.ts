import { defineTopic, type Schema } from "../../contract/mod.ts";

/** What somebody said. */
export interface Said {
  readonly id: string;
  readonly by: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What comes from the server that the page came from is not checked: a schema library would cost 4 KB. */
function trusted<T>(): Schema<T> {
  return { "~standard": { version: 1, vendor: "page", validate: (value) => ({ value: value as T }) } };
}

/** The contract of rooms as the page knows it; a test holds it against that of the server. */
export const Room = defineTopic("room:{id}", {
  join: {
    payload: trusted<{ nickname?: string }>(),
    reply: trusted<{ nickname: string; at: string }>(),
  },
  client: {
    say: { payload: trusted<{ text: string }>(), reply: trusted<{ id: string }>() },
    typing: {},
  },
  server: { said: trusted<Said>(), typing: trusted<{ by: string }>() },
  presence: trusted<{ nickname: string }>(),
});
