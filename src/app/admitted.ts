import type { Connection } from "../sessions/connection.ts";
import type { Admission } from "../transport/transport.ts";
import type { Grant } from "./grant.ts";

/** Where the grants of connections are, and what they have become by a refresh. */
export interface HeldGrants {
  of(connection: Connection): Grant | null;
}

/**
 * A connection that may be made. This is a class, since V8 makes a new shape for each object literal with a getter, and
 * keeps it up to the next full collection, with all that its functions can see: here the whole request.
 */
export class Admitted implements Admission {
  readonly protocol: string | null;
  readonly #grant: Grant;
  readonly #grants: HeldGrants;
  readonly #make: () => Connection;
  #connection: Connection | null = null;

  /** `grant` is what it is let in with; `make`: makes the connection. */
  constructor(protocol: string | null, grant: Grant, grants: HeldGrants, make: () => Connection) {
    this.protocol = protocol;
    this.#grant = grant;
    this.#grants = grants;
    this.#make = make;
  }

  get expiresAtMs(): number | null {
    const held = this.#connection === null ? null : this.#grants.of(this.#connection);
    return (held ?? this.#grant).expiresAtMs;
  }

  /** A property, so that it may be taken out of the object. */
  readonly connect = (): Connection => this.#connection = this.#make();
}
