import { assertEquals } from "@std/assert";
import { FrameHead } from "../../bench/load/frame_head.ts";

Deno.test("FrameHead finds the payload in each of the three forms of a length, and waits for what is not whole", () => {
  const head = new FrameHead();
  const forms: [number, number[]][] = [
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ];
  for (const [length, bytes] of forms) {
    const start = 3;
    const end = start + bytes.length + length;
    const buffer = new Uint8Array(end + 5);
    buffer.set(bytes, start);
    assertEquals(head.read(buffer, start, end), true);
    assertEquals([head.payload, head.end], [start + bytes.length, end]);
    for (const short of [end - 1, start + bytes.length - 1, start + 1, start]) {
      assertEquals(head.read(buffer, start, short), false, `${length} up to ${short}`);
    }
  }
});
