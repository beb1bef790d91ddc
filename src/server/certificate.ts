/**
 * Where the ready server's certificate comes from.
 *
 * @module
 */

/** A certificate that cannot be read; the message is one line that says which, why, and what to do. */
export class CertificateFault extends Error {
  /** `CertificateFault`. */
  override readonly name = "CertificateFault";
}

/** The paths of a certificate chain and its key, both in PEM; empty for none. */
export interface CertificatePaths {
  /** The chain's. */
  readonly tlsCert: string;
  /** The key's. */
  readonly tlsKey: string;
}

/** The certificate chain and its key; nothing if there is none. Throws {@link CertificateFault}. */
export function readCertificate({ tlsCert, tlsKey }: CertificatePaths): { cert?: string; key?: string } {
  if (tlsCert === "") return {};
  return {
    cert: readPem("--tls-cert", tlsCert, /-----BEGIN CERTIFICATE-----/),
    key: readPem("--tls-key", tlsKey, /-----BEGIN [A-Z ]*PRIVATE KEY-----/),
  };
}

function readPem(flag: string, path: string, begins: RegExp): string {
  const place = `Cannot use ${flag} ${JSON.stringify(path)}`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new CertificateFault(`${place}: run it with --allow-read for that file`);
    }
    throw new CertificateFault(
      `${place}: ${error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read"}`,
    );
  }
  if (begins.test(text)) return text;
  throw new CertificateFault(`${place}: it is not in PEM, which holds a line such as -----BEGIN …-----`);
}
