import { TroupeError } from "../base/errors.ts";
import { check, type Schema } from "../contract/schema.ts";

/** What may be sent in the topics of a pattern. */
export interface Outgoing {
  /** The pattern, for error messages. */
  readonly name: string;
  /** What the server may send; `null`: anything. */
  readonly server: ReadonlyMap<string, Schema> | null;
}

/**
 * Checks what the server is about to send in a topic.
 *
 * @throws {TroupeError} `unknown_event`, `invalid_payload` with its issues, or `async_schema`: sending is synchronous.
 */
export function checkOutgoing({ name: topic, server }: Outgoing, event: string, payload: unknown): unknown {
  if (server === null) return payload;
  const schema = server.get(event);
  if (schema === undefined) {
    throw new TroupeError(
      "unknown_event",
      `Cannot send ${JSON.stringify(event)} in ${topic}: its contract has no such event`,
      {
        details: { event, accepted: [...server.keys()] },
      },
    );
  }
  const checked = check(schema, payload);
  if (checked instanceof Promise) {
    throw new TroupeError(
      "async_schema",
      `Cannot send ${JSON.stringify(event)} in ${topic}: its schema is asynchronous`,
    );
  }
  if (checked.ok) return checked.value;
  const [{ path, message }] = checked.issues;
  throw new TroupeError(
    "invalid_payload",
    `Cannot send ${JSON.stringify(event)} in ${topic}: at ${path === "" ? "the payload" : path}: ${message}`,
    { details: { event, issues: checked.issues } },
  );
}
