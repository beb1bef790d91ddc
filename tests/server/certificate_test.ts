import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CertificateFault, readCertificate } from "../../src/server/certificate.ts";
import { startServer } from "../../src/server/main.ts";
import { selfSigned } from "../certificate.ts";
import { testWith } from "../optional.ts";
import { runToEnd } from "./server_process.ts";

const THIS_FILE = new URL(import.meta.url).pathname;

Deno.test("without a path there is no certificate", () => {
  assertEquals(readCertificate({ tlsCert: "", tlsKey: "" }), {});
});

Deno.test("a certificate that cannot be used is named, with what is wrong", () => {
  const fault = (tlsCert: string): string =>
    assertThrows(() => readCertificate({ tlsCert, tlsKey: "/key" }), CertificateFault).message;
  assertEquals(fault("/no/such"), 'Cannot use --tls-cert "/no/such": there is no such file');
  assertStringIncludes(fault("/"), "it cannot be read");
  assertStringIncludes(fault(THIS_FILE), "it is not in PEM");
});

testWith("openssl", "the ready server serves https with a certificate and its key", async (openssl) => {
  await using files = await selfSigned(openssl);
  const certificate = readCertificate({ tlsCert: files.certPath, tlsKey: files.keyPath });
  assertEquals(certificate, { cert: files.cert, key: files.key });
  const server = startServer({ port: 0, ...certificate });
  assertEquals(server.url, `https://127.0.0.1:${server.port}/`);
  using client = Deno.createHttpClient({ caCerts: [files.cert] });
  assertEquals(await (await fetch(`${server.url}readyz`, { client })).json(), { ready: true, reasons: [] });
  await server.close();
});

Deno.test("a certificate that the process may not read is one clear line, and exit code 1", async () => {
  const { code, stderr } = await runToEnd(["--port=0", "--tls-cert", THIS_FILE, "--tls-key", THIS_FILE]);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `Cannot use --tls-cert ${JSON.stringify(THIS_FILE)}: run it with --allow-read for that file\n`,
  );
});

Deno.test("a certificate without its key is one clear line, and exit code 1", async () => {
  const { code, stderr } = await runToEnd(["--port=0", "--tls-cert", "cert.pem"]);
  assertEquals([code, stderr], [
    1,
    "--tls-cert goes with --tls-key (or TLS_KEY): the path of a private key in PEM\n",
  ]);
});
