import { assertEquals } from "@std/assert";
import { Frame } from "../../src/protocol/frame.ts";
import { Turn } from "../../src/protocol/turn.ts";
import { FakeSocket } from "../../src/testing/mod.ts";

const turn = (...texts: string[]): Turn => new Turn(texts.map((text) => new Frame(text)));

Deno.test("A fake socket remembers turns, and hands out each frame once", () => {
  const socket = new FakeSocket();
  socket.send(turn("a", "b"));
  assertEquals(socket.take(), ["a", "b"]);
  socket.send(turn("c"));
  assertEquals([socket.take(), socket.take()], [["c"], []]);
  assertEquals([socket.turns.length, socket.frames], [2, ["a", "b", "c"]]);
});

Deno.test("A stalled fake socket buffers what it is sent until it resumes", () => {
  const socket = new FakeSocket();
  socket.stalled = true;
  socket.send(turn("é", "b"));
  assertEquals(socket.bufferedBytes, 3);
  socket.resume();
  socket.send(turn("c"));
  assertEquals(socket.bufferedBytes, 0);
});

Deno.test("After a close a fake socket takes nothing, and the first close counts", () => {
  const socket = new FakeSocket();
  socket.close(1001, "a");
  socket.close(1000, "b");
  socket.send(turn("c"));
  assertEquals([socket.closed, socket.frames], [{ code: 1001, reason: "a" }, []]);
});
