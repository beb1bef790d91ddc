/**
 * A certificate that a test signs itself, for TLS over loopback.
 *
 * @module
 */

/** A certificate and its key: the files, and what is in them. */
export interface Certificate extends AsyncDisposable {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes one for `localhost` and `127.0.0.1`, with the `openssl` at this path. It is gone when it is disposed of. */
export async function selfSigned(openssl: string): Promise<Certificate> {
  const folder = await Deno.makeTempDir();
  const [certPath, keyPath] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  // Some TLS stacks want no certificate of an authority as a server's own.
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const files = ["-keyout", keyPath, "-out", certPath];
  const args = [
    "req",
    "-x509",
    ...curve,
    "-days",
    "1",
    "-subj",
    "/CN=localhost",
    ...names,
    ...leaf,
    ...files,
  ];
  const { success, stderr } = await new Deno.Command(openssl, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return {
    certPath,
    keyPath,
    cert: await Deno.readTextFile(certPath),
    key: await Deno.readTextFile(keyPath),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
