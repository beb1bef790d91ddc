import { assertEquals, assertThrows } from "@std/assert";
import { pongFrame, SEQUENCE, Template } from "../../bench/load/template.ts";
import { wireOf } from "../../bench/load/wire.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";

Deno.test("the load's Socket.IO: the server opens, the client enters the main namespace, and then it is in", () => {
  const { path, greets, hello, pong, enter } = wireOf({ kind: "socket.io" });
  assertEquals([path, greets, hello], ["/socket.io/?EIO=4&transport=websocket", true, null]);
  assertEquals(enter('0{"sid":"a","upgrades":[],"pingInterval":25000}'), "40");
  assertEquals(enter('40{"sid":"b"}'), null);
  assertEquals(pong, "3");
  assertThrows(() => enter('44{"message":"not authorized"}'), Error, "44{");
});

Deno.test("the load's Socket.IO: an echo is an event with a number, whose acknowledgement has the same", () => {
  const { sent, expected } = wireOf({ kind: "socket.io" }).echo(`${SEQUENCE}abc`);
  const request = new Template(sent).text(7);
  const [, number, event] = request.match(/^42([1-9]\d*)(\[.*)$/)!; // as its parser reads it: no leading zeros
  assertEquals(JSON.parse(event), ["echo", { text: "0000000007abc" }]);
  assertEquals(new Template(expected).text(7), `43${number}[{"text":"0000000007abc"}]`);
});

Deno.test("the load's Phoenix: what it sends is what our codec reads, and a refused join is no join", () => {
  const wire = wireOf({ kind: "phoenix", vsn: "2.0.0", topic: "plain:1" });
  const said: unknown[] = [];
  phoenixV2.decode(wire.hello!, (message) => said.push(message));
  assertEquals(said, [{ joinRef: "1", ref: "1", topic: "plain:1", event: "phx_join", payload: {} }]);
  assertEquals(wire.enter('["1","1","plain:1","phx_reply",{"status":"ok","response":{}}]'), null);
  assertThrows(() => wire.enter('["1","1","plain:1","phx_reply",{"status":"error","response":{}}]'));
});

Deno.test("the load notices a message that is not what it has to be", () => {
  const template = new Template(wireOf({ kind: "raw", path: "/echo" }).echo(`${SEQUENCE}abc`).expected);
  const bytes = new TextEncoder().encode("0000000007abd");
  assertEquals(template.sequenceAt(bytes, 0), 7);
  assertThrows(
    () => template.check(bytes, 0, bytes.length, 7),
    Error,
    "expected 0000000007abc, got 0000000007abd",
  );
});

Deno.test("the load answers a server's ping with what that carries, masked", () => {
  const [head, length, a, b, c, d, ...masked] = pongFrame(new TextEncoder().encode("alive?"));
  assertEquals([head, length], [0x8a, 0x86]);
  const mask = [a, b, c, d];
  assertEquals(String.fromCharCode(...masked.map((byte, i) => byte ^ mask[i & 3])), "alive?");
});
