import { assert, assertEquals, assertThrows } from "@std/assert";
import { createServer } from "node:http";
import { bind } from "../../../src/transport/ws/bind.ts";

async function bound(hostname: string, run: (addr: Deno.NetAddr) => void | Promise<void>): Promise<void> {
  const server = createServer((_request, response) => response.end("here"));
  const closed = new Promise((resolve) => server.on("close", resolve));
  const addr = bind(server, hostname, 0);
  try {
    await run(addr);
  } finally {
    server.close();
    await closed;
  }
}

Deno.test("bind: the port is bound when it returns", async () => {
  await bound("127.0.0.1", async (addr) => {
    assert(addr.port > 0);
    assertEquals([addr.transport, addr.hostname], ["tcp", "127.0.0.1"]);
    assertThrows(() => Deno.listen({ hostname: "127.0.0.1", port: addr.port }), Deno.errors.AddrInUse);
    assertEquals(await (await fetch(`http://127.0.0.1:${addr.port}/`)).text(), "here");
  });
});

Deno.test("bind: a name is looked up", async () => {
  await bound("localhost", ({ hostname }) => assert(["127.0.0.1", "::1"].includes(hostname), hostname));
});

Deno.test("bind: an address that is taken, or is not ours, throws what the runtime throws", async () => {
  const failing = (hostname: string, port: number): void => {
    const server = createServer();
    server.on("error", () => {});
    bind(server, hostname, port);
  };
  await bound("127.0.0.1", ({ port }) => {
    assertThrows(() => failing("127.0.0.1", port), Deno.errors.AddrInUse);
  });
  assertThrows(() => failing("203.0.113.1", 0), Deno.errors.AddrNotAvailable);
  assertThrows(() => failing("no.such.host.invalid", 0));
});
