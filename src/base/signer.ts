/**
 * The port for signatures: what is handed out to clients and has to be known again when it comes back.
 *
 * @module
 */

/** Signs texts with a secret that only the server has. */
export interface Signer {
  /**
   * Returns `text` with a signature, in characters that a URL, a header and a cookie can hold. `purpose` keeps what
   * was signed for one thing from being used for another.
   */
  sign(purpose: string, text: string): string;
  /** The text, if `signed` came from {@link Signer.sign} with the same purpose and secret; else `null`. MUST NOT throw. */
  open(purpose: string, signed: string): string | null;
}
