import { assertEquals, assertRejects } from "@std/assert";
import {
  binaryFrame,
  encodeFrame,
  handshake,
  pingFrame,
  RawClient,
  type Received,
  textFrame,
} from "./raw_client.ts";
import { referenceApp } from "./reference_app.ts";

const PATH = "/socket/websocket?vsn=2.0.0";
const HEARTBEAT = '[null,"1","phoenix","heartbeat",{}]';
const ANSWER: Received = {
  kind: "text",
  text: '[null,"1","phoenix","phx_reply",{"response":{},"status":"ok"}]',
};
const encoder = new TextEncoder();

/** Runs `test` against a reference app of its own. */
async function against(test: (port: number) => Promise<void>): Promise<void> {
  const server = referenceApp().listen({ port: 0, signals: false });
  try {
    await test(server.port);
  } finally {
    await server.close();
  }
}

Deno.test("RawClient frames payloads of every size as RFC 6455 says, section 5.2", () => {
  const header = (length: number): number[] =>
    [...encodeFrame({ opcode: 2, payload: new Uint8Array(length), masked: false })].slice(
      0,
      -length || undefined,
    );
  assertEquals(header(0), [0x82, 0]);
  assertEquals(header(125), [0x82, 125]);
  assertEquals(header(126), [0x82, 126, 0, 126]);
  assertEquals(header(65_535), [0x82, 126, 255, 255]);
  assertEquals(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assertEquals([...textFrame("Hello")].slice(0, 6), [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]); // section 5.7
  assertEquals([...textFrame("Hello")].slice(6), [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  assertEquals([...pingFrame()], [0x89, 0x80, 0x37, 0xfa, 0x21, 0x3d]);
});

Deno.test("RawClient.open rejects with the answer of a server that refuses", async () => {
  await against(async (port) => {
    await assertRejects(() => RawClient.open(port, "/nowhere"), Error, "404 Not Found");
  });
});

Deno.test("A message in fragments, with a ping between them, is one message", async () => {
  await against(async (port) => {
    using client = await RawClient.open(port, PATH);
    const bytes = encoder.encode(HEARTBEAT);
    await client.send(
      encodeFrame({ opcode: 1, payload: bytes.subarray(0, 5), fin: false }),
      pingFrame(new Uint8Array([1, 2])),
      encodeFrame({ opcode: 0, payload: bytes.subarray(5, 6), fin: false }),
      encodeFrame({ opcode: 0, payload: bytes.subarray(6) }),
    );
    assertEquals(await client.next(), { kind: "pong", bytes: new Uint8Array([1, 2]) });
    assertEquals(await client.next(), ANSWER);
  });
});

Deno.test("A message cut anywhere by TCP is one message", async () => {
  await against(async (port) => {
    using client = await RawClient.open(port, PATH);
    for (const byte of textFrame(HEARTBEAT)) await client.send(new Uint8Array([byte]));
    assertEquals(await client.next(), ANSWER);
  });
});

Deno.test("A frame right behind the handshake, in the same write, is not lost", async () => {
  await against(async (port) => {
    using client = await RawClient.connect(port);
    const answer = await client.request(handshake(PATH), textFrame(HEARTBEAT));
    assertEquals(answer.status, "101 Switching Protocols");
    assertEquals(await client.next(), ANSWER);
  });
});

Deno.test("A close frame is answered with the same code; an empty one with an empty one", async () => {
  await against(async (port) => {
    for (const code of [1000, 1001, 1011, 3000, 4999]) {
      using client = await RawClient.open(port, PATH);
      await client.close(code, "bye");
      assertEquals(await client.next(), { kind: "close", code, reason: "bye" });
      await client.closed;
    }
    using client = await RawClient.open(port, PATH);
    await client.close();
    assertEquals(await client.next(), { kind: "close", code: 1005, reason: "" });
  });
});

Deno.test("An empty binary frame closes with 1007, and the TCP connection ends", async () => {
  await against(async (port) => {
    using client = await RawClient.open(port, PATH);
    await client.send(binaryFrame(new Uint8Array()));
    assertEquals(await client.next(), {
      kind: "close",
      code: 1007,
      reason: "a binary message must not be empty",
    });
    await client.closed;
  });
});

Deno.test("vsn is a semantic version: what fits one of ours is accepted, all else is refused with 403", async () => {
  await against(async (port) => {
    const answers: [query: string, status: string][] = [
      ["", "101 Switching Protocols"],
      ["?vsn=1.0.0", "101 Switching Protocols"],
      ["?vsn=1.0.7", "101 Switching Protocols"],
      ["?vsn=2.0.9", "101 Switching Protocols"],
      ["?vsn=2.0.0%2Bbuild", "101 Switching Protocols"],
      ["?vsn=", "403 Forbidden"],
      ["?vsn=2.0", "403 Forbidden"],
      ["?vsn=02.0.0", "403 Forbidden"],
      ["?vsn=2.0.0-rc.1", "403 Forbidden"],
      ["?vsn=2.2.0", "403 Forbidden"],
      ["?vsn=1.1.0", "403 Forbidden"],
    ];
    for (const [query, status] of answers) {
      using client = await RawClient.connect(port);
      assertEquals([query, (await client.request(handshake(`/socket/websocket${query}`))).status], [
        query,
        status,
      ]);
    }
  });
});

Deno.test("A handshake is read as browsers and proxies write it: any case, several tokens", async () => {
  await against(async (port) => {
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const answers: [lines: string[], status: string][] = [
      [["Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key], "101"],
      [["connection: upgrade", "UPGRADE: WebSocket", "sec-websocket-version: 13", key], "101"],
      [["Connection: keep-alive", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key], "426"],
      [["Connection: Upgrade", "Upgrade: h2c", "Sec-WebSocket-Version: 13", key], "426"],
      [["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8, 13", key], "426"],
    ];
    for (const [lines, status] of answers) {
      using client = await RawClient.connect(port);
      const answer = await client.request([`GET ${PATH} HTTP/1.1`, "Host: 127.0.0.1", ...lines]);
      assertEquals([lines, answer.status.slice(0, 3)], [lines, status]);
    }
  });
});
