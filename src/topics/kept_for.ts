/** Somebody, as a log remembers whom a publication was for. */
export type KeptName = { readonly user: string } | { readonly connection: string };

/** Whom a kept publication was for. */
export interface KeptRecipients {
  /** Everybody but these. */
  readonly except?: readonly KeptName[];
  /** Nobody but these. */
  readonly only?: readonly KeptName[];
}

/** Whether a client that comes back gets a kept publication. */
export interface KeptReader {
  /** The id of its user. */
  readonly userId: string;
  /** The ids that its connections had before, as the client says: they can only take something away from it. */
  readonly formerConnectionIds: readonly string[];
}

/** Reads what a log has kept as {@link KeptRecipients}, and gives whom it was for. */
export function keptFor(recipients: string): (reader: KeptReader) => boolean {
  const { except, only } = JSON.parse(recipients) as KeptRecipients;
  return (reader) =>
    !except?.some((name) => isNamed(name, reader)) &&
    (only === undefined || only.some((name) => "user" in name && isNamed(name, reader)));
}

function isNamed(name: KeptName, { userId, formerConnectionIds }: KeptReader): boolean {
  return "user" in name ? name.user === userId : formerConnectionIds.includes(name.connection);
}
